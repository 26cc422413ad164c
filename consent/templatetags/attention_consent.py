"""The tags of this floor: the notice, the control on every page, the stylesheet."""

from __future__ import annotations

import logging
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from consent.conf import consent_settings
from consent.minors import age_of
from consent.policies.selectors import current_notice, fresh_notice
from consent.privacy import mark_personal
from consent.seen import SILENT, seen_by
from consent.standing import News, is_resting, news_of
from consent.visitor import Level, site_id_of, visitor_of

logger = logging.getLogger(__name__)
register = template.Library()

_STYLES = "_attention_styles"
_SCRIPT = "_attention_notice_script"


@register.simple_tag(takes_context=True)
def consent_banner(context: Context) -> SafeString:
    """Render the notice with its three equal answers to a visitor who has not decided.

    So, too, to a remembered person after a material change of the text; after another change, a
    line that says so until it is put away. Fixed to the lower edge, so nothing on the page moves.
    Renders nothing for anybody else, and where the template says ``hide_notice``. With
    ``CACHED_PAGES`` the page is the same for everybody, and a script shows what is hidden in it.
    """
    request = context.get("request")
    if request is None or context.get("hide_notice"):
        return SafeString("")
    try:
        if consent_settings.CACHED_PAGES:
            return _everybodys_notice(context, request)
        visitor = visitor_of(request)
        if visitor.level not in {Level.UNDECIDED, Level.REMEMBER}:
            return SafeString("")
        if age_of(request).forbids_profile:
            return SafeString("")
        notice = current_notice(site_id=visitor.site_id)
        news = news_of(visitor=visitor, notice=notice)
        if visitor.level is Level.REMEMBER and news is News.NONE:
            return SafeString("")
        if news is News.ASK and (visitor.policy_id or 0) >= notice.first_id:
            # This process still shows the text that was replaced.
            notice = fresh_notice(site_id=visitor.site_id)
        values = {
            "notice": notice,
            "is_changed": news is News.ASK,
            "gpc": visitor.gpc,
            "offer": visitor.offer,
            "next": _here(request),
            "seen": seen_by(request),
            "styles": consent_styles(context),
        }
        name = "news" if news is News.TEXT else "notice"
        return _render(f"attention_consent/{name}.html", values, request)
    except Exception:
        logger.exception("The notice could not be shown.")
        return SafeString("")


@register.simple_tag(takes_context=True)
def privacy_control(context: Context) -> SafeString:
    """Render the link to the preferences and, for who said yes, a button to turn it off.

    Beside it, for the same people: "this visit is a gift", or the way back.
    """
    request = context.get("request")
    if request is None:
        return SafeString("")
    try:
        if consent_settings.CACHED_PAGES:
            return _everybodys_control(context, request)
        visitor = visitor_of(request)
        resting = is_resting(visitor)
        level = visitor.level
        if visitor.is_gift:
            mark_personal(request)
        values = {
            "level": level.value,
            "is_resting": resting,
            "is_on": level in {Level.REMEMBER, Level.VISIT} and not visitor.age.forbids_profile,
            "is_gift": visitor.is_gift,
            "offer": visitor.offer,
            "next": _here(request),
            "styles": consent_styles(context),
        }
        return _render("attention_consent/control.html", values, request)
    except Exception:
        logger.exception("The privacy control could not be shown.")
        return SafeString("")


@register.simple_tag(takes_context=True)
def consent_styles(context: Context) -> SafeString:
    """Render the link to the stylesheet, once a page; best placed in ``<head>``."""
    request = context.get("request")
    if request is not None:
        if getattr(request, _STYLES, False):
            return SafeString("")
        setattr(request, _STYLES, True)
    return _render("attention_consent/styles.html", {}, request)


def _everybodys_notice(context: Context, request: Any) -> SafeString:
    """Render what a script shows to whom it concerns, without looking at the visitor."""
    notice = current_notice(site_id=site_id_of(request))
    values = {"notice": notice, "is_cached": True, "next": _here(request), "seen": SILENT}
    parts = [consent_styles(context), _render("attention_consent/notice.html", values, request)]
    if notice.number > 1:
        parts.append(_render("attention_consent/news.html", values, request))
    parts.append(_script(request))
    return mark_safe("\n".join(parts))  # noqa: S308


def _everybodys_control(context: Context, request: Any) -> SafeString:
    """Render the link, and hidden, in the room it takes, the button that turns off."""
    values = {
        "next": _here(request),
        "styles": consent_styles(context),
        "script": _script(request),
    }
    return _render("attention_consent/control_cached.html", values, request)


def _script(request: Any) -> SafeString:
    """Render the script of cached pages, once a page."""
    if getattr(request, _SCRIPT, False):
        return SafeString("")
    setattr(request, _SCRIPT, True)
    return _render("attention_consent/notice_script.html", {}, request)


def _here(request: Any) -> str:
    """Return the page to come back to; after a form was sent, the preferences decide."""
    return request.get_full_path() if request.method in {"GET", "HEAD"} else ""


def _render(name: str, values: dict[str, Any], request: Any) -> SafeString:
    return mark_safe(get_template(name).render(values, request).strip())  # noqa: S308

"""The tags of this floor: the notice, the control on every page, the stylesheet."""

from __future__ import annotations

import logging
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from consent.policies.selectors import current_notice
from consent.visitor import Level, visitor_of

logger = logging.getLogger(__name__)
register = template.Library()

_STYLES = "_attention_styles"


@register.simple_tag(takes_context=True)
def consent_banner(context: Context) -> SafeString:
    """Render the notice with its three equal answers to a visitor who has not decided.

    Fixed to the lower edge, so nothing on the page moves. Renders nothing for anybody else, and
    where the template says ``hide_notice``.
    """
    request = context.get("request")
    if request is None or context.get("hide_notice"):
        return SafeString("")
    try:
        visitor = visitor_of(request)
        if visitor.level is not Level.UNDECIDED:
            return SafeString("")
        values = {
            "notice": current_notice(site_id=visitor.site_id),
            "offer": visitor.offer,
            "next": _here(request),
            "styles": consent_styles(context),
        }
        return _render("attention_consent/notice.html", values, request)
    except Exception:
        logger.exception("The notice could not be shown.")
        return SafeString("")


@register.simple_tag(takes_context=True)
def privacy_control(context: Context) -> SafeString:
    """Render the link to the preferences and, for who said yes, a button to turn it off."""
    request = context.get("request")
    if request is None:
        return SafeString("")
    try:
        level = visitor_of(request).level
        values = {
            "level": level.value,
            "is_on": level in {Level.REMEMBER, Level.VISIT},
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


def _here(request: Any) -> str:
    """Return the page to come back to; after a form was sent, the preferences decide."""
    return request.get_full_path() if request.method in {"GET", "HEAD"} else ""


def _render(name: str, values: dict[str, Any], request: Any) -> SafeString:
    return mark_safe(get_template(name).render(values, request).strip())  # noqa: S308

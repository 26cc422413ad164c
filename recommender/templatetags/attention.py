"""Tags of the recommender: ``{% load attention %}``; they translate and never break the page."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any, NamedTuple

from django import template
from django.http import HttpRequest
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from consent.gate import refusal_of
from consent.page_stamp import stamp
from consent.privacy import mark_personal
from consent.purposes import Purpose
from consent.templatetags import attention_consent
from consent.visitor import Level, visitor_of
from recommender.catalog.adapter import get_adapter
from recommender.catalog.records import Offer
from recommender.serving import explanation
from recommender.serving.cards import ShownProduct
from recommender.serving.context import SlateContext
from recommender.serving.guard import reading
from recommender.serving.placements import UnknownPlacement
from recommender.serving.services import serve
from recommender.serving.slate import Slate, SlateItem

logger = logging.getLogger(__name__)

register = template.Library()
for name in ("consent_banner", "consent_styles", "privacy_control"):
    register.tags[name] = attention_consent.register.tags[name]

NOTHING = SafeString("")


class Card(NamedTuple):
    """What the template shows of one item."""

    item: SlateItem
    product: ShownProduct
    offer: Offer
    url: str
    reason: str


@register.simple_tag(takes_context=True)
def recommendations(
    context: Context,
    placement: str,
    *,
    product: str = "",
    category: str = "",
    query: str = "",
    size: int | None = None,
) -> SafeString:
    """Show the slate of ``placement``; nothing at all when it is empty.

    Args:
        context: the page's; it needs ``request``.
        placement: name of a placement of this site.
        product: host key of the page's product.
        category: host key of the page's category.
        query: what was searched for.
        size: items wanted; the placement's own number when not given.
    """
    request = context.get("request")
    if request is None:
        logger.error("{%% recommendations %r %%} needs the request context processor.", placement)
        return NOTHING
    asked = SlateContext(product=product, category=category, query=query, size=size or None)
    try:
        slate = serve(request=request, placement=placement, context=asked)
        if not slate:
            return NOTHING
        with reading():
            return render_slate(context, request, slate)
    except UnknownPlacement as error:
        logger.error("%s", error)
    except Exception:
        logger.exception("the slate of %s could not be shown", placement)
    return NOTHING


@register.simple_tag(takes_context=True)
def attention_script(context: Context, *, product: str = "", view: object = "") -> SafeString:
    """Load the script that reports behavior; nothing for a visitor who allowed none.

    Args:
        context: the page's; it needs ``request``.
        product: host key of the page's product.
        view: id of the view event that the server recorded, so that it counts once.
    """
    request = context.get("request")
    if request is None:
        return NOTHING
    try:
        visitor = visitor_of(request)
        level = visitor.level
        if level not in (Level.REMEMBER, Level.VISIT):
            return NOTHING
        if refusal_of(visitor, Purpose.ANALYTICS) is not None:
            return NOTHING
        mark_personal(request)
        values = {
            "endpoint": reverse("attention_recommender:events"),
            "level": level.value,
            "product": product,
            "view": view or "",
            "page": stamp(request) if level is Level.REMEMBER else "",
        }
        return _render(context, "attention_recommender/script.html", values)
    except Exception:
        logger.exception("the script could not be shown")
        return NOTHING


@register.simple_tag(takes_context=True)
def forget_product(
    context: Context,
    product: str,
    *,
    next: str = "",  # noqa: A002
    about: str = "",
) -> SafeString:
    """Show the button that forgets a product, to a visitor who has a history.

    Args:
        context: the page's; it needs ``request``.
        product: host key of the product.
        next: where to go afterwards; not the product's own page, which would be a new view.
        about: the product's name, for readers of a list.
    """
    request = context.get("request")
    if request is None:
        return NOTHING
    try:
        if visitor_of(request).level not in (Level.REMEMBER, Level.VISIT):
            return NOTHING
        mark_personal(request)
        values = {"product": product, "next": next, "about": about}
        return _render(context, "attention_recommender/forget.html", values)
    except Exception:
        logger.exception("the button to forget a product could not be shown")
        return NOTHING


@register.simple_tag
def attention_styles() -> SafeString:
    """Link the stylesheet of slates, for a host without styles of its own; in ``<head>``."""
    address = static("attention_recommender/slots.css")
    return format_html('<link rel="stylesheet" href="{}">', address)


@register.filter
def attention_price(offer: Offer) -> str:
    """The price of an offer with its currency; empty when it has none."""
    if offer.price_micros is None:
        return ""
    amount = number_format(Decimal(offer.price_micros) / 1_000_000, decimal_pos=2)
    return f"{amount} {offer.currency}"


def render_slate(context: Context, request: HttpRequest, slate: Slate) -> SafeString:
    """The slate as HTML, its cards by the host's own template."""
    adapter = get_adapter()
    cards = [
        Card(
            item,
            slate.products[item.key],
            slate.offers[item.key],
            item.url or adapter.url(key=item.key),
            explanation.text(item.reason, slate.products),
        )
        for item in slate.items
    ]
    values = {
        "slate": slate,
        "cards": cards,
        "card_template": adapter.card_template,
        "mode_text": explanation.mode_text(slate.mode),
        "rung_text": explanation.rung_text(slate.rung),
        "hide_url": reverse("attention_recommender:hide") if _can_hide(request, slate) else "",
        "next": request.get_full_path() if request.method in {"GET", "HEAD"} else "/",
    }
    return _render(context, "attention_recommender/slate.html", values)


def _can_hide(request: HttpRequest, slate: Slate) -> bool:
    """Hiding is remembered under the visitor's key, so only where there is one in use."""
    visitor = visitor_of(request)
    is_used = visitor.level is Level.REMEMBER and refusal_of(visitor, Purpose.ANALYTICS) is None
    return slate.is_private and is_used


def _render(context: Context, name: str, values: dict[str, Any]) -> SafeString:
    engine = context.template.engine  # type: ignore[union-attr]
    with context.push(**values):
        return mark_safe(engine.get_template(name).render(context))  # noqa: S308  a template's own output

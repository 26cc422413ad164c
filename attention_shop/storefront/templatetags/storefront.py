"""How the shop's templates write money, stars and pictures."""

from __future__ import annotations

from django import template
from django.templatetags.static import static

from attention_shop.storefront.money import format_money

register = template.Library()

STARS = 5


@register.filter
def money(micros: int | None, currency: str) -> str:
    """An amount in micro-units; empty for none."""
    return "" if micros is None else format_money(micros, currency)


@register.filter
def picture(picture_url: str) -> str:
    """The address of a picture of this shop; empty for none.

    A picture kept by somebody else would tell them who looks at what, so it is not shown; the
    security policy would refuse it in any case.
    """
    if not picture_url or "//" in picture_url:
        return ""
    return picture_url if picture_url.startswith("/") else static(picture_url)


@register.filter
def without_brand(title: str, brand: str) -> str:
    """A title under its brand's name, which it need not say again."""
    if not brand or not title.lower().startswith(f"{brand.lower()} "):
        return title
    rest = title[len(brand) :].strip()
    return rest[:1].upper() + rest[1:]


@register.filter
def tint(key: str) -> int:
    """One of six tile colors, always the same for the same product."""
    return sum(key.encode()) % 6


@register.filter
def initial(title: str) -> str:
    """The letter on a tile without a picture."""
    return next((letter.upper() for letter in title if letter.isalnum()), "·")


@register.filter
def star_steps(rating: float) -> int:
    """A rating from 0 to 5 in half stars, 0 to 10: the width of the filled row."""
    return max(0, min(2 * STARS, round(rating * 2)))


@register.inclusion_tag("attention_storefront/parts/stars.html")
def stars(rating: float | None, count: int = 0) -> dict[str, object]:
    """A row of stars with its number in words."""
    return {"rating": rating, "count": count}

"""Whether a record of the host can be mirrored, and if not, why."""

from __future__ import annotations

import math
from typing import get_args

from django.utils import timezone

from recommender.catalog.models import KEY_LENGTH, Product
from recommender.catalog.records import CategoryRecord, ProductKind, ProductRecord

KINDS = frozenset(get_args(ProductKind))
LARGEST_PRICE_MICROS = 10**15
LONGEST: dict[str, int | None] = {
    name: getattr(Product._meta.get_field(name), "max_length", None)
    for name in ("title", "brand", "picture_url", "text")
}


def refusal_of(record: ProductRecord) -> str | None:
    """Return why ``record`` cannot be mirrored, in plain English; None when it can."""
    return (
        _bad_key(record.key, "key")
        or _bad_texts(record)
        or _bad_numbers(record)
        or _bad_rest(record)
    )


def _bad_key(key: object, name: str) -> str | None:
    if not isinstance(key, str) or not key:
        return f"{name} is empty"
    if len(key) > KEY_LENGTH:
        return f"{name} is longer than {KEY_LENGTH} characters"
    if not _is_storable(key):
        return f"{name} holds characters a database cannot store"
    return None


def _bad_texts(record: ProductRecord) -> str | None:
    if not record.title.strip():
        return "title is empty"
    for name in LONGEST:
        value = getattr(record, name)
        longest = LONGEST[name]
        if longest and len(value) > longest:
            return f"{name} is longer than {longest} characters"
        if not _is_storable(value):
            return f"{name} holds characters a database cannot store"
    if not all(isinstance(tag, str) and _is_storable(tag) for tag in record.tags):
        return "tags must be plain words"
    return None


def _bad_numbers(record: ProductRecord) -> str | None:
    price = record.price_micros
    if price is not None:
        if isinstance(price, bool) or not isinstance(price, int):
            return "price_micros is not a whole number"
        if not 0 <= price <= LARGEST_PRICE_MICROS:
            return f"price_micros is not between 0 and {LARGEST_PRICE_MICROS}"
    rating = record.rating
    if rating is not None and not (math.isfinite(rating) and 0 <= rating <= 5):
        return "rating is not between 0 and 5"
    return None


def _bad_rest(record: ProductRecord) -> str | None:
    if record.kind not in KINDS:
        return f"kind is not one of {', '.join(sorted(KINDS))}"
    if len(record.currency) != 3 or not record.currency.isascii() or not record.currency.isupper():
        return "currency is not an ISO 4217 code"
    if record.created_at is not None and timezone.is_naive(record.created_at):
        return "created_at has no time zone"
    if record.merchant_key and (bad := _bad_key(record.merchant_key, "merchant_key")):
        return bad
    return category_refusal_of(record.category) if record.category is not None else None


def category_refusal_of(category: CategoryRecord) -> str | None:
    """Return why a category cannot be mirrored; None when it can."""
    if bad := _bad_key(category.key, "category key"):
        return bad
    if category.parent_key is not None:
        if bad := _bad_key(category.parent_key, "category parent_key"):
            return bad
        if category.parent_key == category.key:
            return "category is its own parent"
    if not category.name.strip() or len(category.name) > 255 or not _is_storable(category.name):
        return "category name is empty, too long or not storable"
    return None


def _is_storable(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

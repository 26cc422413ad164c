"""Find the product and category an event speaks of, or why it cannot be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from recommender.catalog.selectors import CategoryReference, ProductReference
from recommender.events.draft import refusal_of_missing_product
from recommender.events.kinds import Kind
from recommender.events.records import Cause


class Subject(NamedTuple):
    """What an event is about, in the mirror's ids."""

    product_id: int | None
    category_id: int | None


class Known(NamedTuple):
    """The part of the mirror that the events at hand speak of, by host key."""

    products: Mapping[str, ProductReference]
    categories: Mapping[str, CategoryReference]


def resolve(
    *, kind: Kind, product_key: str | None, category_key: str | None, known: Known
) -> Subject | Cause:
    """Return the subject, or why an event about it is refused. Sensitive ones are never kept."""
    if (cause := refusal_of_missing_product(kind, product_key)) is not None:
        return cause
    product: ProductReference | None = None
    category: CategoryReference | None = None
    if product_key:
        product = known.products.get(product_key)
        if product is None:
            return Cause.UNKNOWN_PRODUCT
        if product.is_sensitive:
            return Cause.SENSITIVE
    if category_key:
        category = known.categories.get(category_key)
        if category is None:
            return Cause.UNKNOWN_CATEGORY
        if category.is_sensitive:
            return Cause.SENSITIVE
    return Subject(product.id if product else None, category.id if category else None)

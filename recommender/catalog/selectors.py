"""What the other floors ask of the mirror."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

from django.contrib.sites.models import Site

from recommender.catalog.models import Category, Product

CHUNK = 500
T = TypeVar("T")


class ProductReference(NamedTuple):
    """What an event needs to know of its product."""

    id: int
    category_id: int | None
    is_sensitive: bool
    is_listed: bool


class CategoryReference(NamedTuple):
    """What an event needs to know of its category."""

    id: int
    is_sensitive: bool


def products_by_keys(*, site: Site | int, keys: Collection[str]) -> dict[str, Product]:
    """Return the mirrored products of ``keys`` with their categories; unknown keys are absent."""
    found: dict[str, Product] = {}
    for chunk in chunks(askable(keys)):
        rows = Product.objects.for_site(site).for_keys(chunk).select_related("category")
        found.update((row.host_key, row) for row in rows)
    return found


def product_ids(*, site: Site | int, keys: Collection[str]) -> dict[str, int]:
    """Return the mirror's ids of ``keys``; unknown keys are absent."""
    found: dict[str, int] = {}
    for chunk in chunks(askable(keys)):
        found.update(Product.objects.for_site(site).for_keys(chunk).values_list("host_key", "pk"))
    return found


def product_references(
    *, site: Site | int, keys: Collection[str] | None = None
) -> dict[str, ProductReference]:
    """Return what events need to know of the products ``keys``, or of every product (None)."""
    products = Product.objects.for_site(site)
    columns = ("host_key", "pk", "category_id", "category__sensitive", "is_listed")
    if keys is None:
        rows = products.values_list(*columns).iterator(chunk_size=5000)
        return {key: _reference(*rest) for key, *rest in rows}
    return {
        key: _reference(*rest)
        for chunk in chunks(askable(keys))
        for key, *rest in products.for_keys(chunk).values_list(*columns)
    }


def category_references(*, site: Site | int, keys: Collection[str]) -> dict[str, CategoryReference]:
    """Return what events need to know of the categories ``keys``; unknown keys are absent."""
    return {
        key: CategoryReference(pk, sensitive)
        for chunk in chunks(askable(keys))
        for key, pk, sensitive in Category.objects.for_site(site)
        .for_keys(chunk)
        .values_list("host_key", "pk", "sensitive")
    }


def sensitive_product_ids(*, site: Site | int) -> frozenset[int]:
    """Return the products that must never enter history, training, reasons, ads or mail."""
    return frozenset(Product.objects.for_site(site).sensitive().values_list("pk", flat=True))


def askable(keys: Collection[str]) -> list[str]:
    """Return the keys a database can be asked for, each once: text without NUL or surrogates."""
    return [key for key in dict.fromkeys(keys) if key and "\x00" not in key and _encodes(key)]


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Yield lists of at most ``size`` values."""
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _reference(
    pk: int, category_id: int | None, sensitive: bool | None, is_listed: bool
) -> ProductReference:
    return ProductReference(pk, category_id, bool(sensitive), is_listed)


def _encodes(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True

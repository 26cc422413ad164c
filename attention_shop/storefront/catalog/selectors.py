"""What pages read of the catalog."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.contrib.sites.models import Site
from django.db.models import F, Max, Min

from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.catalog.tree import CategoryTree

SHELF = 8
ROW = 4


def shown_products(*, site: Site, skus: Collection[str]) -> dict[str, Product]:
    """Listed products of ``site`` by SKU; unknown ones are absent."""
    if not skus:
        return {}
    found = Product.objects.for_site(site).listed().filter(sku__in=skus).defer("text", "tags")
    return {product.sku: product for product in found}


def new_arrivals(*, site: Site, size: int = SHELF) -> Sequence[Product]:
    """What came last."""
    products = Product.objects.for_site(site).listed().defer("text", "tags")
    return list(products.order_by("-created_at", "-pk")[:size])


def bestsellers(*, site: Site, size: int = SHELF) -> Sequence[Product]:
    """What sold most in this shop; empty before the first order."""
    products = Product.objects.for_site(site).listed().filter(units_sold__gt=0)
    return list(products.defer("text", "tags").order_by("-units_sold", "pk")[:size])


def full_rows(products: Sequence[Product]) -> Sequence[Product]:
    """As many as fill whole rows of a shelf; none when there are too few for one."""
    return products[: len(products) // ROW * ROW]


def best_rated(*, site: Site, size: int = SHELF) -> Sequence[Product]:
    """What customers rate best."""
    products = Product.objects.for_site(site).listed().filter(rating__isnull=False)
    ordered = products.order_by(F("rating").desc(), "-review_count", "pk")
    return list(ordered.defer("text", "tags")[:size])


@dataclass(frozen=True, slots=True)
class Window:
    """A department as the home page shows it; ``picture`` is one of its products' own."""

    category: Category
    picture: str


def department_windows(*, site: Site, tree: CategoryTree) -> list[Window]:
    """Departments with a picture each: 1 query beside the tree's.

    Neighbors take the first and the last of their pictures by name, so that the row is not of
    one color where names end in one.
    """
    told = Product.objects.for_site(site).listed().exclude(picture_url="").order_by()
    ends = told.values_list("category_id").annotate(Min("picture_url"), Max("picture_url"))
    pictures = {category_id: (first, last) for category_id, first, last in ends}
    windows = []
    for place, department in enumerate(tree.departments):
        within = (pictures[each] for each in tree.ids_within(department) if each in pictures)
        pair = next(within, ("", ""))
        windows.append(Window(department, pair[place % 2]))
    return windows

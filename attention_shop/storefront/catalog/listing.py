"""One page of a listing: filters, order and slice, all told by the address."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, OrderBy
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from attention_shop.storefront.catalog.models import Product, ProductQuerySet
from attention_shop.storefront.money import MICROS, to_micros

PAGE_SIZE = 24
BRANDS_SHOWN = 20
HIGHEST_PRICE = Decimal(10_000_000)

_RATED_FIRST = F("rating").desc(nulls_last=True)
SORTS: dict[str, tuple[Promise, tuple[str | OrderBy, ...]]] = {
    "popular": (_("Most popular"), ("-units_sold", _RATED_FIRST, "pk")),
    "new": (_("Newest"), ("-created_at", "-pk")),
    "price": (_("Price, low to high"), (F("price_micros").asc(nulls_last=True), "pk")),
    "price-down": (_("Price, high to low"), (F("price_micros").desc(nulls_last=True), "pk")),
    "rating": (_("Best rated"), (_RATED_FIRST, "-review_count", "pk")),
}


def _price(raw: str) -> Decimal | None:
    try:
        price = Decimal(raw.strip())
    except InvalidOperation:
        return None
    return price if price.is_finite() and 0 <= price <= HIGHEST_PRICE else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; anything senseless in it is left out."""

    sort: str
    brands: tuple[str, ...]
    lowest: Decimal | None
    highest: Decimal | None
    page: int

    @classmethod
    def read(cls, query: QueryDict) -> Wanted:
        """Read the address."""
        sort = query.get("sort", "")
        page = query.get("page", "1")
        return cls(
            sort=sort if sort in SORTS else "popular",
            brands=tuple(brand for brand in query.getlist("brand") if brand)[:BRANDS_SHOWN],
            lowest=_price(query.get("min", "")),
            highest=_price(query.get("max", "")),
            page=int(page) if page.isdecimal() and len(page) < 7 else 1,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the listing."""
        return bool(self.brands or self.lowest is not None or self.highest is not None)


@dataclass(frozen=True, slots=True)
class BrandChoice:
    """One box to tick."""

    name: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing page shows."""

    wanted: Wanted
    page: Page[Product]
    brands: tuple[BrandChoice, ...]
    kept_query: str
    """The address's filters without the page, ready to stand before ``page=``."""

    @property
    def total(self) -> int:
        """Products on all pages."""
        return self.page.paginator.count

    @property
    def sorts(self) -> list[tuple[str, Promise]]:
        """Names and titles of the orders on offer."""
        return [(name, title) for name, (title, _order) in SORTS.items()]


def make_listing(*, products: ProductQuerySet, query: QueryDict) -> Listing:
    """Filter, order and slice ``products`` as the address says: 3 queries."""
    wanted = Wanted.read(query)
    counts = (
        products.exclude(brand="")
        .values_list("brand")
        .annotate(count=Count("pk"))
        .order_by("-count", "brand")[:BRANDS_SHOWN]
    )
    brands = tuple(BrandChoice(name, count, name in wanted.brands) for name, count in counts)
    if wanted.brands:
        products = products.filter(brand__in=wanted.brands)
    if wanted.lowest is not None:
        products = products.filter(price_micros__gte=to_micros(wanted.lowest))
    if wanted.highest is not None:
        products = products.filter(price_micros__lt=to_micros(wanted.highest) + MICROS // 100)
    ordered = products.order_by(*SORTS[wanted.sort][1]).defer("text", "tags")
    kept = [(name, value) for name, values in query.lists() for value in values if value]
    return Listing(
        wanted=wanted,
        page=Paginator(ordered, PAGE_SIZE).get_page(wanted.page),
        brands=brands,
        kept_query=urlencode([pair for pair in kept if pair[0] not in {"page", "notice"}]),
    )

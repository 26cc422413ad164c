"""The storefront as the recommender sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from django.contrib.sites.models import Site
from django.db import connection, connections, router
from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse

from attention_shop.storefront.basket.store import basket_of
from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.orders.models import OrderLine
from attention_shop.storefront.shop_site import site_of
from recommender.catalog.records import CategoryRecord, Offer, ProductRecord, SoldUnits

CHUNK = 2_000


class StorefrontAdapter:
    """Implements ``HostAdapter`` and ``TellsCategories`` of ``recommender.catalog.adapter``.

    A product's key is its SKU.
    """

    card_template = "attention_storefront/card.html"

    def iterate(self, *, site: Site) -> Iterator[ProductRecord]:
        """Every product in the order of its id: 2 queries and one per chunk."""
        categories = _categories(site)
        products = Product.objects.for_site(site).order_by("pk")
        for product in products.iterator(chunk_size=CHUNK):
            yield record_of(product, categories)

    def by_keys(self, *, site: Site, keys: Collection[str]) -> Mapping[str, ProductRecord]:
        """Records by SKU: 2 queries."""
        categories = _categories(site)
        products = Product.objects.for_site(site).filter(sku__in=keys)
        return {product.sku: record_of(product, categories) for product in products}

    def offers(self, *, request: HttpRequest | None, keys: Collection[str]) -> Mapping[str, Offer]:
        """Today's price and stock: 1 query.

        Asked for every slate of every page, so the statement is written out: composing it costs
        several times what running it does.
        """
        if not keys:
            return {}
        site = Site.objects.get_current() if request is None else site_of(request)
        with connections[router.db_for_read(Product)].cursor() as cursor:
            cursor.execute(_offers_statement(len(keys)), [site.pk, *keys])
            rows = cursor.fetchall()
        return {
            sku: Offer(
                key=sku,
                is_available=bool(is_listed) and price is not None and stock != 0,
                price_micros=price,
                currency=currency,
            )
            for sku, price, currency, stock, is_listed in rows
        }

    def categories(self, *, site: Site) -> list[CategoryRecord]:
        """Every category, empty ones too: 1 query."""
        return list(_categories(site).values())

    def url(self, *, key: str) -> str:
        """The address of the product's page."""
        return reverse("attention_storefront:product", kwargs={"sku": key})

    def basket_keys(self, *, request: HttpRequest) -> tuple[str, ...]:
        """SKUs in the basket, in the order they were put in."""
        return tuple(basket_of(request).quantities())

    def sales(self, *, site: Site, since: datetime) -> Iterable[SoldUnits]:
        """Units sold and not sent back, by SKU and by nobody."""
        lines = OrderLine.objects.filter(
            order__site=site, order__placed_at__gte=since, returned_at__isnull=True
        )
        sold = lines.values_list("sku").annotate(units=Sum("quantity")).order_by("sku")
        return [SoldUnits(key=sku, units=units) for sku, units in sold]


@lru_cache(maxsize=256)
def _offers_statement(count: int) -> str:
    """SQL for the offers of ``count`` SKUs."""
    table = connection.ops.quote_name(Product._meta.db_table)
    marks = ", ".join(["%s"] * count)
    return (
        "SELECT sku, price_micros, currency, stock, is_listed "  # noqa: S608  our own names
        f"FROM {table} WHERE site_id = %s AND sku IN ({marks})"
    )


def _categories(site: Site) -> dict[int, CategoryRecord]:
    """Every category of ``site`` as a record, by id: 1 query."""
    rows = list(Category.objects.filter(site=site).order_by("pk"))
    keys = {category.pk: category.key for category in rows}
    return {
        category.pk: CategoryRecord(
            key=category.key,
            name=category.name,
            parent_key=keys.get(category.parent_id) if category.parent_id else None,
            sensitive=category.sensitive,
        )
        for category in rows
    }


def record_of(product: Product, categories: Mapping[int, CategoryRecord]) -> ProductRecord:
    """``product`` as a record; ``categories`` by id."""
    return ProductRecord(
        key=product.sku,
        title=product.title,
        kind=product.kind,  # type: ignore[arg-type]
        text=product.text,
        category=categories.get(product.category_id) if product.category_id else None,
        brand=product.brand,
        price_micros=product.price_micros,
        currency=product.currency,
        tags=tuple(product.tags),
        rating=product.rating,
        picture_url=product.picture_url,
        merchant_key=product.merchant_key,
        is_listed=product.is_listed,
        created_at=product.created_at,
    )

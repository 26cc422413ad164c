"""Writes products told by an importer or the simulator into the shop, in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.contrib.sites.models import Site
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.feedback.services import SOURCE_WEIGHT
from recommender.catalog.records import CategoryRecord, ProductRecord

CHUNK = 1_000
WRITTEN_FIELDS = (
    "kind",
    "title",
    "text",
    "category",
    "brand",
    "price_micros",
    "currency",
    "tags",
    "source_rating",
    "rating",
    "picture_url",
    "merchant_key",
    "is_listed",
    "created_at",
)


class StorefrontCatalogWriter:
    """Implements ``recommender.catalog.adapter.CatalogWriter``.

    Writing the same records twice writes nothing the second time. Products are written without
    signals: whoever writes through it also tells the mirror.
    """

    def write_products(self, *, site: Site, records: Iterable[ProductRecord]) -> int:
        """Create or update products and the categories they name; return how many changed."""
        shelf = _Shelf(site)
        written = 0
        for chunk in _chunks(records):
            with transaction.atomic():
                shelf.make_room(each.category for each in chunk if each.category is not None)
                written += _write_chunk(site, chunk, shelf)
        return written

    def write_categories(self, *, site: Site, records: Iterable[CategoryRecord]) -> int:
        """Create or update categories by themselves, so that parents get their own names."""
        told = list(records)
        with transaction.atomic():
            _Shelf(site).make_room(told)
        return len(told)


def _chunks(records: Iterable[ProductRecord]) -> Iterator[list[ProductRecord]]:
    """Cut ``records``; within a chunk the last record of a key wins."""
    remaining = iter(records)
    while chunk := list(islice(remaining, CHUNK)):
        yield list({record.key: record for record in chunk}.values())


def _write_chunk(site: Site, records: Sequence[ProductRecord], shelf: _Shelf) -> int:
    """Insert what is new and update what differs in one upsert; return how many rows that were."""
    present = {
        product.sku: product
        for product in Product.objects.for_site(site).filter(sku__in=[r.key for r in records])
    }
    now = timezone.now()
    rows = []
    for record in records:
        product = present.get(record.key)
        before = None if product is None else _told(product)
        if product is None:
            product = Product(site=site, sku=record.key, created_at=record.created_at or now)
        _fill(product, record, shelf)
        if before != _told(product):
            product.updated_at = now
            rows.append(product)
    for product in rows:
        product.pk = None  # the upsert finds rows by SKU; a mixed batch may not carry ids
    Product.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["site", "sku"],
        update_fields=[*WRITTEN_FIELDS, "updated_at"],
    )
    return len(rows)


def _told(product: Product) -> list[object]:
    return [
        product.category_id if field == "category" else getattr(product, field)
        for field in WRITTEN_FIELDS
    ]


def _fill(product: Product, record: ProductRecord, shelf: _Shelf) -> None:
    product.kind = record.kind
    product.title = record.title[:400]
    product.text = record.text
    product.category = shelf.category(record.category)
    product.brand = record.brand[:200]
    product.price_micros = record.price_micros
    product.currency = record.currency
    product.tags = list(record.tags)
    product.rating = _rating(product, record)
    product.source_rating = record.rating
    product.picture_url = record.picture_url
    product.merchant_key = record.merchant_key
    product.is_listed = record.is_listed
    if record.created_at is not None:
        product.created_at = record.created_at


def _rating(product: Product, record: ProductRecord) -> float | None:
    """Replace the source's part of the shown rating and keep the reviews' part."""
    reviews = product.review_count
    if not reviews or product.rating is None:
        return record.rating
    old_weight = 0 if product.source_rating is None else SOURCE_WEIGHT
    stars = product.rating * (old_weight + reviews) - (product.source_rating or 0.0) * old_weight
    weight = 0 if record.rating is None else SOURCE_WEIGHT
    return round(((record.rating or 0.0) * weight + stars) / (weight + reviews), 2)


class _Shelf:
    """The categories of one site, read once and grown as records name new ones."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._by_key = {each.key: each for each in Category.objects.filter(site=site)}
        self._slugs = {each.slug for each in self._by_key.values()}

    def category(self, record: CategoryRecord | None) -> Category | None:
        """The stored category of ``record``."""
        return None if record is None else self._by_key[record.key]

    def make_room(self, records: Iterable[CategoryRecord]) -> None:
        """Create or update the categories of ``records`` and the parents they name."""
        for record in {record.key: record for record in records}.values():
            parent = self._parent(record.parent_key)
            category = self._by_key.get(record.key)
            if category is None:
                self._create(record.key, record.name, parent, sensitive=record.sensitive)
                continue
            parent_id = None if parent is None else parent.pk
            told = (record.name[:200], parent_id, record.sensitive)
            if (category.name, category.parent_id, category.sensitive) != told:
                category.name, category.parent_id, category.sensitive = told
                Category.objects.bulk_update([category], ["name", "parent", "sensitive"])

    def _parent(self, key: str | None) -> Category | None:
        """The category above; one that no record described yet is named by its key."""
        if key is None:
            return None
        known = self._by_key.get(key)
        return known or self._create(key, _readable(key), None, sensitive=False)

    def _create(self, key: str, name: str, parent: Category | None, *, sensitive: bool) -> Category:
        category = Category(
            site=self._site,
            key=key,
            slug=self._free_slug(name or key, parent),
            name=name[:200],
            parent=parent,
            sensitive=sensitive,
        )
        Category.objects.bulk_create([category])
        self._by_key[key] = category
        self._slugs.add(category.slug)
        return category

    def _free_slug(self, name: str, parent: Category | None) -> str:
        stem = slugify(name)[:120] or "category"
        if stem in self._slugs and parent is not None:
            stem = f"{parent.slug[:60]}-{stem[:60]}"
        slug, number = stem, 1
        while slug in self._slugs:
            number += 1
            slug = f"{stem}-{number}"
        return slug


def _readable(key: str) -> str:
    """``home-kitchen`` as ``Home kitchen``."""
    words = key.rsplit("/", 1)[-1].replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]

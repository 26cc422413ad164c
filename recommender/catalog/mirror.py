"""Bring batches of host records into the mirror's tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.sites.models import Site
from django.utils import timezone

from recommender.catalog import keeping
from recommender.catalog.models import Category, Merchant, Product
from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.catalog.sensitivity import refresh_sensitivity
from recommender.catalog.words import matching_word

_COLUMNS = (
    "kind",
    "title",
    "text",
    "category_id",
    "brand",
    "price_micros",
    "currency",
    "tags",
    "rating",
    "picture_url",
    "merchant_id",
    "is_listed",
)
_DESCRIBED = ("name", "parent", "is_flagged_by_host", "is_flagged_here", "was_compared")
_WRITTEN = [name.removesuffix("_id") for name in _COLUMNS] + ["created_at", "updated_at"]


class Mirror:
    """Writes the products of one site; knows its categories and merchants by key."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._categories = Categories(site)
        self._merchants: dict[str, int] = {}

    def write(self, records: Sequence[ProductRecord]) -> dict[str, int]:
        """Create or update the products of ``records``; count created, updated, unchanged.

        Call it inside a transaction. Of several records with one key the last holds.
        """
        latest = {record.key: record for record in records}
        self._categories.ensure(
            record.category for record in latest.values() if record.category is not None
        )
        self._ensure_merchants({record.merchant_key for record in latest.values()} - {""})
        held = {
            row["host_key"]: row
            for row in Product.objects.for_site(self.site)
            .for_keys(list(latest))
            .values("host_key", "created_at", *_COLUMNS)
        }
        counts = {"created": len(latest) - len(held), "updated": 0, "unchanged": 0}
        written = []
        for key, record in sorted(latest.items()):
            columns = self._columns(record)
            old = held.get(key)
            if old is not None and _is_same(old, columns, record):
                counts["unchanged"] += 1
                continue
            counts["updated"] += old is not None
            written.append(self._product(record, columns, old))
        Product.objects.bulk_create(
            written,
            update_conflicts=True,
            unique_fields=["site", "host_key"],
            update_fields=_WRITTEN,
        )
        if any(_has_moved(held.get(product.host_key), product) for product in written):
            keeping.renew(site_id=self.site.pk)
        return counts

    def _columns(self, record: ProductRecord) -> dict[str, Any]:
        return {
            "kind": record.kind,
            "title": record.title,
            "text": record.text,
            "category_id": self._categories.ids[record.category.key] if record.category else None,
            "brand": record.brand,
            "price_micros": record.price_micros,
            "currency": record.currency,
            "tags": list(record.tags),
            "rating": record.rating,
            "picture_url": record.picture_url,
            "merchant_id": self._merchants[record.merchant_key] if record.merchant_key else None,
            "is_listed": record.is_listed,
        }

    def _product(
        self, record: ProductRecord, columns: dict[str, Any], old: dict[str, Any] | None
    ) -> Product:
        now = timezone.now()
        created_at = record.created_at or (old["created_at"] if old else now)
        return Product(
            site=self.site,
            host_key=record.key,
            created_at=created_at,
            updated_at=now,
            **columns,
        )

    def _ensure_merchants(self, keys: set[str]) -> None:
        missing = keys - set(self._merchants)
        if not missing:
            return
        Merchant.objects.bulk_create(
            [Merchant(site=self.site, host_key=key, name=key) for key in sorted(missing)],
            ignore_conflicts=True,
        )
        rows = Merchant.objects.for_site(self.site).for_keys(missing)
        self._merchants.update(rows.values_list("host_key", "pk"))


class Categories:
    """The site's categories by key; a parent nobody described yet is named by its key."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ids: dict[str, int] = {}
        self._told: dict[str, CategoryRecord] = {}

    def ensure(self, records: Iterable[CategoryRecord]) -> None:
        """Create or update the categories of ``records`` and the parents they name."""
        fresh = {record.key: record for record in records if self._told.get(record.key) != record}
        if not fresh:
            return
        self._create(set(fresh) | {r.parent_key for r in fresh.values() if r.parent_key})
        rows = {
            row.host_key: row for row in Category.objects.for_site(self.site).for_keys(list(fresh))
        }
        changed = [row for key, row in rows.items() if self._apply(row, fresh[key])]
        if changed:
            Category.objects.bulk_update(changed, _DESCRIBED)
            refresh_sensitivity(site=self.site)
        self._told.update(fresh)

    def _apply(self, row: Category, record: CategoryRecord) -> bool:
        parent_id = self.ids[record.parent_key] if record.parent_key else None
        told = (record.name, parent_id, record.sensitive)
        is_known = row.was_compared
        if is_known and (row.name, row.parent_id, row.is_flagged_by_host) == told:
            return False
        row.name, row.parent_id, row.is_flagged_by_host = told
        if not is_known:
            row.was_compared = True
            row.is_flagged_here = row.is_flagged_here or matching_word(record.name) is not None
        return True

    def _create(self, keys: set[str]) -> None:
        missing = keys - set(self.ids)
        if not missing:
            return
        rows = Category.objects.for_site(self.site).for_keys(missing)
        known = dict(rows.values_list("host_key", "pk"))
        if absent := missing - set(known):
            Category.objects.bulk_create(
                [Category(site=self.site, host_key=key, name=key) for key in sorted(absent)],
                ignore_conflicts=True,
            )
            known = dict(rows.all().values_list("host_key", "pk"))
        self.ids.update(known)


def _has_moved(old: dict[str, Any] | None, product: Product) -> bool:
    """Tell whether a known product is of another category now, perhaps of a sensitive one."""
    return old is not None and old["category_id"] != product.category_id


def _is_same(old: dict[str, Any], columns: dict[str, Any], record: ProductRecord) -> bool:
    if record.created_at is not None and old["created_at"] != record.created_at:
        return False
    return all(old[name] == value for name, value in columns.items())

"""Write the mirror: products in bulk, retirement, and the comparison with the host."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from django.contrib.sites.models import Site
from django.db import transaction
from django.utils import timezone

from recommender.catalog.adapter import HostAdapter, TellsCategories, get_adapter
from recommender.catalog.mirror import Categories, Mirror
from recommender.catalog.models import Category, Product
from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.catalog.selectors import askable, chunks
from recommender.catalog.sensitivity import refresh_sensitivity
from recommender.catalog.validation import category_refusal_of, refusal_of
from recommender.catalog.words import matching_word

logger = logging.getLogger(__name__)

BATCH = 500
"""Records in one transaction: well below 200 ms on SQLite."""

MOST_RETIRED = 0.5
"""The share of the live products a comparison may retire before somebody must confirm it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorReport:
    """What mirroring did; ``refused`` counts records by cause."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """How many records came in."""
        return self.created + self.updated + self.unchanged + sum(self.refused.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """How far the mirror was from the host, and what was done about it.

    ``withheld`` products are gone from the host but were not retired, because they would be more
    than half of the catalog; ``reconcile(force=True)`` retires them.
    """

    missing: int
    changed: int
    unchanged: int
    retired: int
    withheld: int
    refused: dict[str, int]

    @property
    def drift(self) -> int:
        """How many products differed."""
        return self.missing + self.changed + self.retired + self.withheld


def mirror_products(*, site: Site, records: Iterable[ProductRecord]) -> MirrorReport:
    """Create or update the mirror of ``records``, in batches of `BATCH` and a transaction each.

    A record that cannot be mirrored is refused alone and counted by cause. Of several records
    with one key in a batch the last holds. Categories and merchants appear as they are named.
    """
    mirror = Mirror(site)
    totals: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for batch in chunks(_valid(records, refused), BATCH):
        with transaction.atomic():
            totals.update(mirror.write(batch))
    return MirrorReport(
        created=totals["created"],
        updated=totals["updated"],
        unchanged=totals["unchanged"],
        refused=dict(refused),
    )


def mirror_categories(*, site: Site, records: Iterable[CategoryRecord]) -> dict[str, int]:
    """Create or update the mirror of ``records``; return those refused, counted by cause."""
    refused: Counter[str] = Counter()
    told = []
    for record in records:
        cause = category_refusal_of(record)
        if cause is None:
            told.append(record)
        else:
            refused[cause] += 1
    with transaction.atomic():
        Categories(site).ensure(told)
    return dict(refused)


def flag_by_words(*, categories: Iterable[Category]) -> list[str]:
    """Flag those whose name holds a word of ``SENSITIVE_WORDS``; return the names of the new ones.

    The operator may take a flag away again; nothing sets it a second time by itself.
    """
    found = [each for each in categories if not each.is_flagged_here and matching_word(each.name)]
    with transaction.atomic():
        pks = [each.pk for each in found]
        Category.objects.filter(pk__in=pks).update(is_flagged_here=True, was_compared=True)
        for site_id in sorted({each.site_id for each in found}):
            refresh_sensitivity(site=site_id)
    return [each.name for each in found]


def retire_products(*, site: Site, host_keys: Collection[str]) -> int:
    """Take products the host no longer has out of every slate; return how many were listed.

    Rows stay: events and slates of the past refer to them.
    """
    now = timezone.now()
    retired = 0
    for keys in chunks(askable(host_keys)):
        listed = Product.objects.for_site(site).listed().for_keys(keys)
        retired += listed.update(is_listed=False, updated_at=now)
    return retired


def sync_host_product(*, site: Site, host_key: str, adapter: HostAdapter | None = None) -> None:
    """Mirror one product as the host has it now, or retire it when the host has it no longer."""
    host = adapter or get_adapter()
    record = host.by_keys(site=site, keys=[host_key]).get(host_key)
    if record is None:
        retire_products(site=site, host_keys=[host_key])
        return
    report = mirror_products(site=site, records=[record])
    for cause in report.refused:
        logger.warning("Product %r is not mirrored: %s.", host_key, cause)


def sync_host_categories(*, site: Site, adapter: HostAdapter | None = None) -> dict[str, int]:
    """Mirror every category the host tells of; return those refused, counted by cause.

    A host whose adapter has no ``categories`` tells them through its products alone.
    """
    host = adapter or get_adapter()
    if not isinstance(host, TellsCategories):
        return {}
    return mirror_categories(site=site, records=host.categories(site=site))


def reconcile(
    *, site: Site, adapter: HostAdapter | None = None, force: bool = False
) -> DriftReport:
    """Mirror everything the host has and retire what it has no longer.

    A host that fails half-way retires nothing: its error is raised before.
    """
    host = adapter or get_adapter()
    refused = sync_host_categories(site=site, adapter=host)
    seen: set[str] = set()
    report = mirror_products(site=site, records=_noted(host.iterate(site=site), seen))
    listed = set(Product.objects.for_site(site).listed().values_list("host_key", flat=True))
    gone = listed - seen
    is_withheld = bool(gone) and not force and len(gone) > MOST_RETIRED * len(listed)
    if is_withheld:
        logger.warning(
            "The host no longer has %d of %d products of site %s; none was retired.",
            len(gone),
            len(listed),
            site.pk,
        )
    return DriftReport(
        missing=report.created,
        changed=report.updated,
        unchanged=report.unchanged,
        retired=0 if is_withheld else retire_products(site=site, host_keys=gone),
        withheld=len(gone) if is_withheld else 0,
        refused={**refused, **report.refused},
    )


def _valid(records: Iterable[ProductRecord], refused: Counter[str]) -> Iterator[ProductRecord]:
    for record in records:
        cause = refusal_of(record)
        if cause is None:
            yield record
        else:
            refused[cause] += 1


def _noted(records: Iterable[ProductRecord], seen: set[str]) -> Iterator[ProductRecord]:
    for record in records:
        seen.add(record.key)
        yield record

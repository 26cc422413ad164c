"""Bring in another system's history, in batches that commit within 200 ms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from time import perf_counter
from uuid import UUID

from django.contrib.sites.models import Site
from django.utils import timezone

from recommender.catalog.selectors import product_references
from recommender.events import identifiers
from recommender.events.door.resolve import Known, Subject, resolve
from recommender.events.draft import Draft, refusal_of_price, refusal_of_value
from recommender.events.records import Cause, ImportedEvent, ImportReport
from recommender.events.refusals import count_refusals
from recommender.events.sinks import database

TARGET_SECONDS = 0.06
FIRST_BATCH, SMALLEST_BATCH, LARGEST_BATCH = 500, 50, 2000
CLOCK_TOLERANCE = timedelta(minutes=5)


def import_events(*, site: Site, rows: Iterable[ImportedEvent]) -> ImportReport:
    """Store ``rows`` with the times of their source; importing them again stores nothing new.

    Rows that come sorted by shopper go in fastest. Shoppers whose decision does not permit
    ``analytics``, unknown or sensitive products, moments in the future and values outside their
    kind's range are refused and counted.

    Raises:
        RuntimeError: inside another transaction; each batch is one of its own.
    """
    importer = _Importer(site)
    remaining = iter(rows)
    size = FIRST_BATCH
    while batch := list(islice(remaining, size)):
        size = importer.take(batch)
    count_refusals(site_id=site.pk, causes=importer.refused)
    return ImportReport(
        accepted=importer.accepted,
        duplicate=importer.duplicate,
        refused=dict(importer.refused),
    )


class _Importer:
    """Counts and the catalog of one import."""

    def __init__(self, site: Site) -> None:
        self.site_id = site.pk
        self.known = Known(product_references(site=site), {})
        self.latest = timezone.now() + CLOCK_TOLERANCE
        self.accepted = 0
        self.duplicate = 0
        self.refused: Counter[Cause] = Counter()

    def take(self, batch: list[ImportedEvent]) -> int:
        """Store one batch; return how many rows the next one may have."""
        drafts = list(self._drafts(batch))
        if not drafts:
            return len(batch)
        started = perf_counter()
        new, without_permit = database.write_many(site_id=self.site_id, drafts=drafts)
        took = perf_counter() - started
        self.accepted += new
        self.duplicate += len(drafts) - without_permit - new
        if without_permit:
            self.refused[Cause.CONSENT] += without_permit
        fitting = int(len(drafts) * TARGET_SECONDS / max(took, 1e-4))
        return max(SMALLEST_BATCH, min(LARGEST_BATCH, 2 * len(batch), fitting))

    def _drafts(self, batch: list[ImportedEvent]) -> Iterator[Draft]:
        for row in batch:
            draft = _draft(row, self.site_id, self.known, self.latest)
            if isinstance(draft, Draft):
                yield draft
            else:
                self.refused[draft] += 1


def _draft(row: ImportedEvent, site_id: int, known: Known, latest: datetime) -> Draft | Cause:
    cause = refusal_of_value(row.kind, row.value) or refusal_of_price(row.price_micros)
    if cause is not None:
        return cause
    if timezone.is_naive(row.occurred_at) or row.occurred_at > latest:
        return Cause.BAD_TIME
    milliseconds = identifiers.to_milliseconds(row.occurred_at)
    if not identifiers.is_representable(milliseconds):
        return Cause.BAD_TIME
    if not row.source_id:
        return Cause.BAD_ID
    subject = resolve(kind=row.kind, product_key=row.product_key, category_key=None, known=known)
    if not isinstance(subject, Subject):
        return subject
    return Draft(
        shopper_id=row.shopper_id,
        id=identifiers.derived(
            milliseconds=milliseconds, parts=("import", str(site_id), row.source_id)
        ),
        kind=row.kind,
        occurred_at=row.occurred_at.astimezone(UTC),
        product_id=subject.product_id,
        visit=None if row.visit is None else _visit_id(row.shopper_id, row.visit),
        value=row.value,
        price_micros=row.price_micros,
    )


@lru_cache(maxsize=1024)
def _visit_id(shopper_id: UUID, visit: str) -> UUID:
    """A stable id for the source's visit, of this shopper alone."""
    digest = blake2b(visit.encode("utf-8", "surrogatepass"), key=shopper_id.bytes, digest_size=16)
    return UUID(bytes=digest.digest(), version=5)

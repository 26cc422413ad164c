"""Any source that can be imported into a shop, as a data set of the benchmark."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from operator import attrgetter

from benchmarks.model.dataset import DataSet, Event
from benchmarks.model.protocols import LEAVE_ONE_OUT
from recommender.attention.content.attributes import ProductRow
from recommender.catalog.records import ProductRecord
from recommender.events.kinds import DEFAULT_WEIGHTS, Kind
from recommender.imports.records import Source, SourceEvent

NO_SHIFT = timedelta(0)


def from_source(source: Source, *, digest: str) -> DataSet:
    """Return what ``source`` tells, with its clock, kinds and attributes; refused rows left out."""
    described = {
        row.key: ProductRow(
            categories=_path(row),
            brand=row.brand,
            tags=row.tags,
            price_micros=row.price_micros,
            currency=row.currency,
            rating=row.rating,
            title=row.title,
            text=row.text,
        )
        for row in source.products(shift=NO_SHIFT)
        if isinstance(row, ProductRecord)
    }
    shoppers: dict[str, list[Event]] = defaultdict(list)
    for row in source.events(shift=NO_SHIFT):
        if isinstance(row, SourceEvent) and row.product_key in described:
            event = Event(
                item=row.product_key,
                seconds=int(row.occurred_at.timestamp()),
                kind=Kind(row.kind).code,
                value=row.value or 0,
            )
            shoppers[row.person].append(event)
    for events in shoppers.values():
        events.sort(key=attrgetter("seconds"))
    return DataSet(
        form=source.name,
        digest=digest,
        protocol=LEAVE_ONE_OUT,
        shoppers=list(shoppers.values()),
        described=described,
        kind_weights={kind.code: weight for kind, weight in DEFAULT_WEIGHTS.items()},
    )


def _path(row: ProductRecord) -> tuple[str, ...]:
    """The keys of the category and the one above it, from the root."""
    if row.category is None:
        return ()
    above = (row.category.parent_key,) if row.category.parent_key else ()
    return (*above, row.category.key)

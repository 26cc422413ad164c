"""Imports data sets that tell the order of events and no time.

================= ======================================= ======== =====================
format            files (plain or .gz)                    kind     made-up times
================= ======================================= ======== =====================
``beauty``        ``sequences.txt``, ``attributes.json``  review   a day apart
``office-products`` ``products.jsonl``, ``histories.jsonl`` review a day apart
``ml1m``          ``train_input.txt``                     rating   a day apart
``sessions``      ``train_sessions.txt``                  view     a minute apart
================= ======================================= ======== =====================

The newest event of everybody is at `NEWEST`, earlier ones lie before it at the distance of the
table, nearer where a history would reach back more than `LONGEST`. Only the order says anything of
the person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from recommender.catalog.records import ProductRecord
from recommender.imports import histories
from recommender.imports.described import Described, item_attributes, json_products
from recommender.imports.files import digest, find, find_optional
from recommender.imports.histories import History, Reader
from recommender.imports.records import Refused, SourceEvent

NEWEST = datetime(2020, 1, 1, 12, tzinfo=UTC)
LONGEST = timedelta(days=90)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class Clockless:
    """An opened data set of histories; lines are read as they are needed.

    Attributes:
        name: of the source.
        fingerprint: see `recommender.imports.records.Source`.
        path: the file of histories.
        reader: reads it.
        kind: what the data set's people did.
        step: time between two events of a person.
        are_visits: whether each history is one visit.
        described: tells the products; None makes one of every item met.
        attributes: of items, told as tags.
        limit: events told at most; None tells all.
        has_clock: false, the times are made up.
    """

    name: str
    fingerprint: str
    path: Path
    reader: Reader
    kind: str
    step: timedelta
    are_visits: bool = False
    described: Path | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limit: int | None = None
    has_clock: bool = field(default=False, init=False)

    def newest(self) -> datetime | None:
        """The moment at which every history ends; None when there is no event."""
        return NEWEST if any(history.items for history in self._histories()) else None

    def size(self) -> int:
        """How many events there are."""
        count = sum(len(history.items) for history in self._histories())
        return count if self.limit is None else min(count, self.limit)

    def products(self, *, shift: timedelta) -> Iterator[ProductRecord | Refused]:
        """The described products, or one without a description for every item met."""
        if self.described is not None:
            yield from map(_record, json_products(self.described))
            return
        met: set[str] = set()
        for event in self.events(shift=shift):
            key = event.product_key if isinstance(event, SourceEvent) else None
            if key is not None and key not in met:
                met.add(key)
                tags = tuple(f"attribute-{name}" for name in self.attributes.get(key, ()))
                yield ProductRecord(key=key, title=title_of(key), tags=tags)

    def events(self, *, shift: timedelta) -> Iterator[SourceEvent | Refused]:
        """The events, person by person, each person's oldest first."""
        told = 0
        for history in self.reader(self.path):
            if isinstance(history, Refused):
                yield history
                continue
            moments = made_up_times(len(history.items), step=self.step)
            for place, (item, at) in enumerate(zip(history.items, moments, strict=True), start=1):
                if self.limit is not None and told >= self.limit:
                    return
                told += 1
                yield SourceEvent(
                    person=history.person,
                    id=f"{history.person}:{place}",
                    kind=self.kind,
                    occurred_at=at + shift,
                    product_key=item,
                    visit=history.person if self.are_visits else None,
                )

    def _histories(self) -> Iterator[History]:
        for history in self.reader(self.path):
            if isinstance(history, History):
                yield history


def made_up_times(count: int, *, step: timedelta) -> list[datetime]:
    """Return ``count`` rising moments, ``step`` apart, nearer to fit `LONGEST`, up to `NEWEST`."""
    apart = min(step, LONGEST / max(count, 1))
    return [NEWEST - apart * left for left in range(count - 1, -1, -1)]


def title_of(key: str) -> str:
    """What a product without a description is called."""
    return f"Item {key}"


def open_beauty(folder: Path, limit: int | None) -> Clockless:
    """``sequences.txt``; the tags of ``attributes.json``, where it is there.

    Raises:
        ImportProblem: a file is missing or cannot be read; so with every function here.
    """
    path = find(folder, "sequences.txt")
    attributes = find_optional(folder, "attributes.json")
    return Clockless(
        name="beauty",
        fingerprint=_fingerprint(path, attributes, limit),
        path=path,
        reader=histories.sequences,
        kind="review",
        step=DAY,
        attributes={} if attributes is None else item_attributes(attributes),
        limit=limit,
    )


def open_office_products(folder: Path, limit: int | None) -> Clockless:
    """``histories.jsonl`` and the products that ``products.jsonl`` describes."""
    path, products = find(folder, "histories.jsonl"), find(folder, "products.jsonl")
    return Clockless(
        name="office-products",
        fingerprint=_fingerprint(path, products, limit),
        path=path,
        reader=histories.json_histories,
        kind="review",
        step=DAY,
        described=products,
        limit=limit,
    )


def open_ml1m(folder: Path, limit: int | None) -> Clockless:
    """``train_input.txt``; the validation files hold nobody else."""
    path = find(folder, "train_input.txt")
    return Clockless(
        name="ml1m",
        fingerprint=_fingerprint(path, None, limit),
        path=path,
        reader=histories.sessions,
        kind="rating",
        step=DAY,
        limit=limit,
    )


def open_sessions(folder: Path, limit: int | None) -> Clockless:
    """``train_sessions.txt``: every session is a person with one visit."""
    path = find(folder, "train_sessions.txt")
    return Clockless(
        name="sessions",
        fingerprint=_fingerprint(path, None, limit),
        path=path,
        reader=histories.sessions,
        kind="view",
        step=MINUTE,
        are_visits=True,
        limit=limit,
    )


def _record(row: Described | Refused) -> ProductRecord | Refused:
    if isinstance(row, Refused):
        return row
    title = row.title or title_of(row.key)
    return ProductRecord(key=row.key, title=title, text=row.text)


def _fingerprint(path: Path, other: Path | None, limit: int | None) -> str:
    paths = [path] if other is None else [path, other]
    return digest(paths, "1", "" if limit is None else str(limit))

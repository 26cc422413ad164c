"""Imports event logs in the form of the REES46 electronics shop: views, baskets, purchases.

Needs ``events.csv`` (plain or .gz) with the columns of `COLUMNS`, in time order. A product is what
its last row says; rows are read one by one, so the file may be larger than memory, the products
not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.imports.files import digest, find
from recommender.imports.lines import rows
from recommender.imports.records import Refused, SourceEvent

COLUMNS = frozenset(
    {
        "event_time",
        "event_type",
        "product_id",
        "category_id",
        "category_code",
        "brand",
        "price",
        "user_id",
        "user_session",
    }
)
KINDS = {
    "view": "view",
    "cart": "cart_add",
    "remove_from_cart": "cart_remove",
    "purchase": "order",
}
WITH_QUANTITY = frozenset({"cart_add", "cart_remove", "order"})

NO_PERSON = "user or product is missing"
UNKNOWN_TYPE = "the event type is none of view, cart, remove_from_cart, purchase"
UNREADABLE = "the time cannot be read"
TWICE = "the same row a second time"


class Rees46:
    """The opened log.

    Args:
        limit: read only that many rows; None reads all.

    Raises:
        ImportProblem: the file is missing, empty, or lacks columns.
    """

    name = "rees46"
    has_clock = True

    def __init__(self, folder: Path, *, limit: int | None = None) -> None:
        self._path = find(folder, "events.csv")
        self._limit = limit
        self._newest: datetime | None = None
        self._rows = 0
        self._products: dict[str, _Facts] = {}
        for row, event in self._read():
            self._rows += 1
            if isinstance(event, SourceEvent):
                self._newest = max(self._newest or event.occurred_at, event.occurred_at)
                self._note(row, event)
        self.fingerprint = digest((self._path,), "1", "" if limit is None else str(limit))

    def newest(self) -> datetime | None:
        """The moment of the newest event."""
        return self._newest

    def size(self) -> int:
        """How many rows there are."""
        return self._rows

    def products(self, *, shift: timedelta) -> Iterator[ProductRecord | Refused]:
        """Every product of an event that is told, first offered when it was first met."""
        for key, facts in self._products.items():
            yield ProductRecord(
                key=key,
                title=facts.title(key),
                category=category_of(facts.category_code),
                brand=facts.brand,
                price_micros=facts.price_micros,
                tags=(f"category-{facts.category_id}",) if facts.category_id else (),
                created_at=facts.first + shift,
            )

    def events(self, *, shift: timedelta) -> Iterator[SourceEvent | Refused]:
        """The rows in the order of the file."""
        for _, event in self._read():
            if isinstance(event, Refused):
                yield event
            else:
                yield event._replace(occurred_at=event.occurred_at + shift)

    def _read(self) -> Iterator[tuple[dict[str, str], SourceEvent | Refused]]:
        second, met = "", set[str]()
        for number, (where, row) in enumerate(rows(self._path, COLUMNS)):
            if self._limit is not None and number >= self._limit:
                return
            if row["event_time"] != second:
                second, met = row["event_time"], set()
            event = _event(row)
            if isinstance(event, str):
                yield row, Refused(where, event)
            elif event.id in met:
                yield row, Refused(where, TWICE)
            else:
                met.add(event.id)
                yield row, event

    def _note(self, row: dict[str, str], event: SourceEvent) -> None:
        """Remember what the row says of its product."""
        key = row["product_id"]
        old = self._products.get(key)
        self._products[key] = _Facts(
            category_id=row["category_id"],
            category_code=row["category_code"],
            brand=row["brand"],
            price_micros=event.price_micros or (old.price_micros if old else None),
            first=min(old.first, event.occurred_at) if old else event.occurred_at,
        )


class _Facts(NamedTuple):
    """What the log says of a product."""

    category_id: str
    category_code: str
    brand: str
    price_micros: int | None
    first: datetime

    def title(self, key: str) -> str:
        """``Water heater · aqua · 3900821``; the number keeps products of one kind apart."""
        shelf = category_of(self.category_code)
        parts = (shelf.name if shelf else "Item", self.brand, key)
        return " · ".join(part for part in parts if part)


def category_of(code: str) -> CategoryRecord | None:
    """``appliances.environment.water_heater`` as a category below ``appliances.environment``."""
    if not code:
        return None
    parent, _, leaf = code.rpartition(".")
    name = leaf.replace("_", " ").strip().capitalize() or code
    return CategoryRecord(key=code, name=name, parent_key=parent or None)


def _event(row: dict[str, str]) -> SourceEvent | str:
    """The row as an event, or why it is refused."""
    person, product = row["user_id"], row["product_id"]
    if not person or not product:
        return NO_PERSON
    kind = KINDS.get(row["event_type"])
    if kind is None:
        return UNKNOWN_TYPE
    try:
        at = datetime.fromisoformat(row["event_time"].removesuffix(" UTC"))
    except ValueError:
        return UNREADABLE
    moment = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return SourceEvent(
        person=person,
        id=f"{row['user_session'] or person}:{product}:{kind}:{moment:%Y%m%d%H%M%S}",
        kind=kind,
        occurred_at=moment,
        product_key=product,
        value=1 if kind in WITH_QUANTITY else None,
        price_micros=_micros(row["price"]),
        visit=row["user_session"] or None,
    )


def _micros(price: str) -> int | None:
    """The price in micro-units; None where there is none above 0."""
    try:
        number = float(price)
    except ValueError:
        return None
    return round(number * 1_000_000) if math.isfinite(number) and 0 < number < 1e9 else None

"""What a format reads: products, events, and what it refuses, without Django."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from recommender.catalog.records import ProductRecord

KINDS = frozenset(
    {
        "impression",
        "viewable",
        "view",
        "dwell",
        "search",
        "click",
        "favorite",
        "unfavorite",
        "cart_add",
        "cart_remove",
        "share",
        "hide",
        "less_like_this",
        "complaint",
        "order",
        "return",
        "rating",
        "review",
        "comment",
    }
)
"""The names of all event kinds, as ``recommender.events.kinds.Kind`` has them."""


class ImportProblem(ValueError):  # noqa: N818
    """The source as a whole cannot be read: missing, empty, or of another format."""


class Refused(NamedTuple):
    """One row that is left out.

    Attributes:
        where: file and line, ``transactions.csv.gz:17``; never names a person.
        cause: why, in plain English and the same words for the same reason.
    """

    where: str
    cause: str


class SourceEvent(NamedTuple):
    """One event as its source tells it.

    Attributes:
        person: the source's own name of the person; never stored.
        id: the source's name of the event, unique within the source.
        kind: one of ``KINDS``.
        occurred_at: aware.
        product_key: None for kinds without a product.
        value: in the unit of the kind.
        price_micros: price of one unit at that time.
        visit: the source's name of the visit or basket.
    """

    person: str
    id: str
    kind: str
    occurred_at: datetime
    product_key: str | None = None
    value: int | None = None
    price_micros: int | None = None
    visit: str | None = None


class Source(Protocol):
    """One opened source. Reading it twice tells the same, in the same order.

    Raises ``ImportProblem`` when it is opened and cannot be read as a whole.
    """

    name: str
    """What tells sources apart: people, events and visits are named within it."""

    fingerprint: str
    """SHA-256 in hex of what is read: the evidence of the people's decisions."""

    has_clock: bool
    """Whether the source tells when things happened; without a clock its times are made up."""

    def newest(self) -> datetime | None:
        """The moment of the newest event; None when there is none."""
        ...

    def size(self) -> int:
        """About how many events ``events`` will tell, for a progress bar."""
        ...

    def products(self, *, shift: timedelta) -> Iterator[ProductRecord | Refused]:
        """The products."""
        ...

    def events(self, *, shift: timedelta) -> Iterator[SourceEvent | Refused]:
        """The events, their times moved by ``shift``; best one person after the other."""
        ...

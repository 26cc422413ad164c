"""Plain shapes of an event: as it comes in, as it is stored, as it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from recommender.events.kinds import Kind


class Verdict(StrEnum):
    """What became of one event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    NOT_KEPT = "not_kept"
    DEFERRED = "deferred"


class Cause(StrEnum):
    """Why an event was refused."""

    MALFORMED = "malformed"
    UNKNOWN_KIND = "unknown_kind"
    SERVER_KIND = "server_kind"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"
    BAD_VALUE = "bad_value"
    MISSING_PRODUCT = "missing_product"
    UNKNOWN_PRODUCT = "unknown_product"
    UNKNOWN_CATEGORY = "unknown_category"
    SENSITIVE = "sensitive"
    REMOVED_INTEREST = "removed_interest"
    CONSENT = "consent"
    BEFORE_DECISION = "before_decision"
    OLD_PAGE = "old_page"
    BAD_BATCH = "bad_batch"
    ORIGIN = "origin"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one recorded fact; truthy when a row holds it (or will after commit).

    Attributes:
        verdict: ``deferred`` inside a host's transaction, where it is written after the commit.
        cause: why it was refused; None otherwise.
        event_id: the event's id, which the page's script repeats so that a view counts once;
            None when nothing may be told of this visitor.
    """

    verdict: Verdict
    cause: Cause | None = None
    event_id: UUID | None = None

    def __bool__(self) -> bool:
        return self.verdict in {Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.DEFERRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchVerdict:
    """The verdict on one event of a batch; ``id`` as sent, empty when unreadable."""

    id: str
    verdict: Verdict
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """The verdicts on a batch, in the order of its events."""

    verdicts: tuple[BatchVerdict, ...]

    def count(self, verdict: Verdict) -> int:
        """Return how many events got ``verdict``."""
        return sum(1 for each in self.verdicts if each.verdict is verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEvent:
    """One event of another system's history.

    Attributes:
        shopper_id: a shopper with an imported decision.
        source_id: the event's name in its source, unique within the site; with ``occurred_at``
            it makes the row's id, so that importing twice stores once.
        occurred_at: aware; not in the future.
        product_key: the host's key; None for kinds that need no product.
        value: in the unit of the kind.
        price_micros: the price then, of one unit.
        visit: the source's name for the visit; None when unknown.
    """

    shopper_id: UUID
    source_id: str
    kind: Kind
    occurred_at: datetime
    product_key: str | None = None
    value: int | None = None
    price_micros: int | None = None
    visit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import stored: ``accepted`` new rows, ``duplicate`` known ones, the rest by cause."""

    accepted: int
    duplicate: int
    refused: dict[Cause, int]

    @property
    def read(self) -> int:
        """How many events came in."""
        return self.accepted + self.duplicate + sum(self.refused.values())


class OrderedUnit(NamedTuple):
    """One line of an order: product, units and the price of one unit."""

    product_key: str
    quantity: int
    price_micros: int | None


class HistoryItem(NamedTuple):
    """One event of a shopper's own history; ``weight`` is what the person makes of its category."""

    product_id: int
    host_key: str
    kind: Kind
    value: int | None
    occurred_at: datetime
    weight: float = 1.0


class TrainingRow(NamedTuple):
    """One permitted event, as the manifest needs it; ``seconds`` is Unix time, ``value`` >= 0."""

    shopper_id: UUID
    product_id: int
    seconds: int
    kind_code: int
    value: int
    event_id: UUID
    consent_seq: int


class EventRow(NamedTuple):
    """One row of the event table, in the order of its columns."""

    shopper_id: UUID
    id: UUID
    site_id: int
    visit: UUID | None
    kind: int
    product_id: int | None
    category_id: int | None
    placement: str
    slate: UUID | None
    position: int | None
    value: int | None
    price_micros: int | None
    purposes: int
    consent_seq: int
    occurred_at: datetime
    received_at: datetime

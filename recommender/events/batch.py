"""The wire format of the beacon, version 1, read strictly.

A batch is ``{"v": 1, "page": ..., "events": [...]}``; ``docs/reference/events.md`` describes the
fields. A body
that is no batch is refused as a whole; an event that cannot be read is refused alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

import msgspec

from recommender.events import identifiers
from recommender.events.door.facts import Fact
from recommender.events.draft import LARGEST_POSITION, PLACEMENT_LENGTH, refusal_of_value
from recommender.events.kinds import BROWSER_KINDS, Kind
from recommender.events.records import Cause

LARGEST_BODY = 64 * 1024
MOST_EVENTS = 100
OLDEST = timedelta(hours=24)
EARLIEST_FUTURE = timedelta(minutes=5)
ID_TOLERANCE_MS = 60_000
LONGEST_STAMP = 256

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class BatchError(Exception):
    """A body that cannot be taken at all.

    Attributes:
        status: the HTTP status that says so.
        code: a stable word for programs.
        detail: a sentence for people.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


class _Batch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    v: Literal[1]
    page: Annotated[str, msgspec.Meta(max_length=LONGEST_STAMP)] = ""
    events: list[msgspec.Raw]


class _Event(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    kind: str
    product: Key | None = None
    category: Key | None = None
    placement: (
        Annotated[str, msgspec.Meta(max_length=PLACEMENT_LENGTH, pattern=r"^[A-Za-z0-9_.:-]*$")]
        | None
    ) = None
    slate: UUID | None = None
    position: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_POSITION)] | None = None
    value: int | None = None
    occurred_at: int | None = None


class _Named(msgspec.Struct):
    id: str = ""


class Batch(NamedTuple):
    """One fact or refusal for each event, in order; ``page`` is the stamp of the page, or empty."""

    events: list[Fact | Refused]
    page: str


class Refused(msgspec.Struct, frozen=True):
    """An event that cannot be kept; ``id`` as sent, empty when it could not be read."""

    id: str
    cause: Cause


_batches = msgspec.json.Decoder(_Batch)
_events = msgspec.json.Decoder(_Event)
_names = msgspec.json.Decoder(_Named)


def read_batch(body: bytes, *, now: datetime) -> Batch:
    """Return the batch that ``body`` holds.

    Raises:
        BatchError: the body is too large, is not JSON, or is not a batch of version 1.
    """
    if len(body) > LARGEST_BODY:
        raise too_large()
    try:
        batch = _batches.decode(body)
    except msgspec.ValidationError as error:
        raise BatchError(400, "not_a_batch", f"Not a batch of version 1: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BatchError(400, "not_json", "The body is not valid JSON in UTF-8.") from error
    if len(batch.events) > MOST_EVENTS:
        raise BatchError(413, "too_many_events", f"A batch holds at most {MOST_EVENTS} events.")
    return Batch([_read_event(raw, now) for raw in batch.events], batch.page)


def too_large() -> BatchError:
    """Return the refusal of a body that is too long."""
    return BatchError(413, "too_large", f"A batch is at most {LARGEST_BODY} bytes.")


def _read_event(raw: msgspec.Raw, now: datetime) -> Fact | Refused:
    try:
        event = _events.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refused(_name_of(raw), Cause.MALFORMED)
    name = event.id[:36]
    kind = _kind_of(event.kind)
    if isinstance(kind, Cause):
        return Refused(name, kind)
    event_id = identifiers.parse(event.id)
    if event_id is None:
        return Refused(name if _is_echoable(name) else "", Cause.BAD_ID)
    moment = _moment_of(event_id, event.occurred_at, now)
    if moment is None:
        return Refused(name, Cause.BAD_TIME)
    if (cause := refusal_of_value(kind, event.value)) is not None:
        return Refused(name, cause)
    return Fact(
        event_id=event_id,
        kind=kind,
        occurred_at=moment,
        product_key=event.product,
        category_key=event.category,
        value=event.value,
        placement=event.placement or "",
        slate=event.slate,
        position=event.position,
    )


def _kind_of(text: str) -> Kind | Cause:
    try:
        kind = Kind(text)
    except ValueError:
        return Cause.UNKNOWN_KIND
    return kind if kind in BROWSER_KINDS else Cause.SERVER_KIND


def _moment_of(event_id: UUID, stated: int | None, now: datetime) -> datetime | None:
    """When it happened: the id says so, and a stated moment must agree within a minute."""
    minted = identifiers.milliseconds_of(event_id)
    moment = minted if stated is None else stated
    received = identifiers.to_milliseconds(now)
    earliest = received - OLDEST // timedelta(milliseconds=1)
    latest = received + EARLIEST_FUTURE // timedelta(milliseconds=1)
    if not (earliest <= minted <= latest and earliest <= moment <= latest):
        return None
    if abs(moment - minted) > ID_TOLERANCE_MS:
        return None
    return identifiers.from_milliseconds(moment)


def _name_of(raw: msgspec.Raw) -> str:
    try:
        name = _names.decode(raw).id[:36]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return name if _is_echoable(name) else ""


def _is_echoable(name: str) -> bool:
    return name.isascii() and name.isprintable()

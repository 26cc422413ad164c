"""What Redis keeps of an event: enough to rank with it and to judge whether it still may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson

from consent.purposes import Purpose
from recommender.events.kinds import DISLIKES, Kind
from recommender.events.records import HistoryItem

FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Entry(NamedTuple):
    """One event of a live history.

    ``purposes`` is what the person allowed when the row was committed; ``weight`` what the person
    makes of its category; moments are aware.
    """

    id: UUID
    product_id: int
    host_key: str
    kind: Kind
    value: int | None
    occurred_at: datetime
    received_at: datetime
    purposes: int
    weight: float = 1.0

    @property
    def is_dislike(self) -> bool:
        """Whether it keeps the product out of slates instead of ranking with it."""
        return self.kind in DISLIKES

    def may_rank(self, since: datetime) -> bool:
        """Tell whether it was permitted then, and is not older than what may be read."""
        return bool(self.purposes & Purpose.RECS_PERSONAL.bit) and self.received_at >= since

    def to_item(self) -> HistoryItem:
        """Return it as readers of histories know it."""
        return HistoryItem(
            self.product_id, self.host_key, self.kind, self.value, self.occurred_at, self.weight
        )

    def to_member(self) -> str:
        """Return the text that is kept: the id comes first, so its order is that of time."""
        values = (
            FORMAT,
            self.product_id,
            self.host_key,
            self.kind.code,
            self.value,
            (self.occurred_at - _EPOCH) // _MICROSECOND,
            (self.received_at - _EPOCH) // _MICROSECOND,
            self.purposes,
            self.weight,
        )
        return self.id.hex + orjson.dumps(values).decode()

    @classmethod
    def from_member(cls, text: str) -> Entry:
        """Read a kept text. Raises ``ValueError`` for one of another format."""
        version, *values = orjson.loads(text[32:])
        if version != FORMAT:
            raise ValueError("an entry of another format")
        product_id, host_key, code, value, occurred, received, purposes, weight = values
        return cls(
            UUID(hex=text[:32]),
            product_id,
            host_key,
            Kind.of_code(code),
            value,
            _EPOCH + occurred * _MICROSECOND,
            _EPOCH + received * _MICROSECOND,
            purposes,
            weight,
        )

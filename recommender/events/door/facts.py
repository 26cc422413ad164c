"""What happened, in the host's own words: not yet looked up, not yet permitted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recommender.events.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing a visitor did; keys are the host's, ``occurred_at`` is aware."""

    event_id: UUID
    kind: Kind
    occurred_at: datetime
    product_key: str | None = None
    category_key: str | None = None
    value: int | None = None
    price_micros: int | None = None
    placement: str = ""
    slate: UUID | None = None
    position: int | None = None

"""Live histories in tests: where Redis is, what is kept there, and how a beacon writes."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.conf import settings

from consent.gate import Permit, permit
from consent.gate_cache import connection
from consent.purposes import Purpose
from consent.visitor import Level, Visitor
from recommender.events import identifiers
from recommender.events.door.facts import Fact
from recommender.events.door.writing import store
from recommender.events.kinds import Kind
from recommender.events.records import HistoryItem, Outcome
from recommender.events.selectors import recent_history

NOWHERE = "redis://127.0.0.1:1/0"

needs_redis = pytest.mark.skipif(
    not settings.ATTENTION_CONSENT["REDIS_URL"], reason="REDIS_URL is not set"
)


def names_kept(shopper_id: UUID) -> list[str]:
    """Return the names of everything kept of a person's history."""
    script = connection.Script("return redis.call('KEYS', ARGV[1])")
    found = connection.run(script, [], [connection.key("history*", shopper_id.hex, "*")])
    return sorted(found)


def permit_of(shopper_id: UUID, site_id: int = 1) -> Permit | None:
    """Return what a page of this person may rank with, as a request would ask."""
    visitor = Visitor(Level.REMEMBER, site_id, shopper_id=shopper_id)
    answer = permit(visitor, Purpose.RECS_PERSONAL)
    return answer if isinstance(answer, Permit) else None


def history_of(shopper_id: UUID, limit: int = 50) -> list[HistoryItem] | None:
    """Return the history a page would read; None where the gate refuses."""
    answer = permit_of(shopper_id)
    return None if answer is None else recent_history(permit=answer, limit=limit)


def view(shopper_id: UUID, key: str, kind: Kind = Kind.VIEW) -> Outcome:
    """Report an event of now, as the shop's own page does."""
    fact = Fact(
        event_id=identifiers.mint(), kind=kind, occurred_at=datetime.now(UTC), product_key=key
    )
    return store(site_id=1, shopper_id=shopper_id, facts=[fact])[0]

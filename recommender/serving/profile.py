"""Whose behavior may rank this slate, read fresh for each one: gate, mode, history."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest
from django.utils import timezone

from consent.gate import Permit, VisitPermit, permit
from consent.purposes import Purpose
from consent.visit import Visit
from consent.visitor import visitor_of
from recommender.conf import recommender_settings
from recommender.events.kinds import Kind
from recommender.events.selectors import hidden_keys, recent_history
from recommender.serving.slate import Mode

LONGEST_HISTORY = 400


class Encounter(NamedTuple):
    """One meeting of the person with a product.

    Attributes:
        product_id: mirror product id; 0 when only the key is known.
        key: host key.
        kind: what the person did.
        age: seconds ago, not negative.
        weight: what the person makes of the product's category: less, 1, or more.
        value: of the event, unit by kind; 0 when it has none.
    """

    product_id: int
    key: str
    kind: Kind
    age: float
    weight: float = 1.0
    value: int = 0


class Profile(NamedTuple):
    """What may be used of the person for one slate; it ends with the slate.

    Attributes:
        mode: PERSONAL or VISIT when the gate gave a permit, else CONTEXTUAL.
        encounters: oldest first.
        hidden: host keys the person asked not to see.
    """

    mode: Mode
    encounters: tuple[Encounter, ...] = ()
    hidden: frozenset[str] = frozenset()


NOBODY = Profile(Mode.CONTEXTUAL)


def read_profile(*, request: HttpRequest, events: int = 0) -> Profile:
    """Ask the gate, then read what it permits.

    Args:
        request: the host's.
        events: newest events the model can use; at least ``HISTORY_LENGTH`` are read.

    Queries: none for a visitor without a key or in a visit, two for a remembered one.
    """
    answer = permit(visitor_of(request), Purpose.RECS_PERSONAL)
    if isinstance(answer, VisitPermit):
        return _of_visit(answer.visit, timezone.now())
    if isinstance(answer, Permit):
        limit = min(max(recommender_settings.HISTORY_LENGTH, events), LONGEST_HISTORY)
        return _of_history(answer, limit, timezone.now())
    return NOBODY


def _of_history(permitted: Permit, limit: int, now: datetime) -> Profile:
    rows = recent_history(permit=permitted, limit=limit)
    encounters = [
        Encounter(
            row.product_id,
            row.host_key,
            row.kind,
            max(0.0, (now - row.occurred_at).total_seconds()),
            row.weight,
            row.value or 0,
        )
        for row in rows
    ]
    encounters.sort(key=lambda encounter: -encounter.age)
    return Profile(Mode.PERSONAL, tuple(encounters), hidden_keys(rows))


def _of_visit(visit: Visit, now: datetime) -> Profile:
    """A visit knows when it began, not when each product was seen: they are spread evenly."""
    keys = visit.products
    length = max(0.0, now.timestamp() - visit.started_at)
    return Profile(
        Mode.VISIT,
        tuple(
            Encounter(0, key, Kind.VIEW, length * (len(keys) - place) / len(keys))
            for place, key in enumerate(keys)
        ),
    )

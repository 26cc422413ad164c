"""What the shop learned of a person, in words they can correct."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from consent.gate import Permit, permit_shopper
from consent.purposes import Purpose
from recommender.catalog.models import Category
from recommender.events.kinds import Kind
from recommender.events.selectors import category_totals, kind_weights
from recommender.events.totals import Total
from recommender.interests.models import InterestChoice, State
from recommender.interests.shares import mass, masses_of, shares

RECENTLY = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """One category of a person's attention, with what they made of it.

    Attributes:
        category_id: None for products without a category.
        path: names of the category and those above it, the highest first; empty without one.
        state, weight: the person's own choice, or used and 1.
        share: of all that is read, 0 to 1; 0 while paused or removed.
        recent_share: the same of the last `RECENTLY`.
        events: how many it rests on.
        newest: when the last of them happened; None when there is none.
    """

    category_id: int | None
    path: tuple[str, ...]
    state: State
    weight: float
    share: float
    recent_share: float
    events: int
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Everything learned of a person; ``is_used`` tells whether it may rank anything at all.

    ``interests`` have the largest share first; then what is paused, then what is removed.
    """

    is_used: bool
    interests: tuple[Interest, ...]


def interests_of(*, shopper_id: UUID) -> Learned:
    """Return what was learned of a shopper, computed now from their permitted history.

    Without permission for ``recs.personal`` nothing is read and only corrections are told.
    """
    permit = permit_shopper(shopper_id, Purpose.RECS_PERSONAL)
    choices = {row.category_id: row for row in choices_of(shopper_id=shopper_id)}
    totals, recent, weights = _read(permit) if isinstance(permit, Permit) else ([], [], {})
    factors = {pk: _factor(choice) for pk, choice in choices.items()}
    part = shares(masses_of(totals, weights), factors)
    recently = shares(masses_of(recent, weights), factors)
    grounds = _grounds(totals, weights)
    paths = category_paths(ids={*part, *choices} - {None})  # type: ignore[arg-type]
    interests = [
        Interest(
            category_id=pk,
            path=paths.get(pk, ()) if pk is not None else (),
            state=State(choices[pk].state) if pk in choices else State.USED,
            weight=choices[pk].weight if pk in choices else 1.0,
            share=part.get(pk, 0.0),
            recent_share=recently.get(pk, 0.0),
            events=grounds[pk][0] if pk in grounds else 0,
            newest=grounds[pk][1] if pk in grounds else None,
        )
        for pk in {**part, **choices}
    ]
    order = list(State)
    interests.sort(key=lambda each: (order.index(each.state), -each.share, each.path))
    return Learned(is_used=isinstance(permit, Permit), interests=tuple(interests))


def choices_of(*, shopper_id: UUID) -> QuerySet[InterestChoice]:
    """Return the corrections of a shopper, oldest first."""
    return InterestChoice.objects.filter(shopper_id=shopper_id).order_by("pk")


def category_paths(*, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the names from the top of the tree down to each category; one query a level.

    A parent the host never named, known by its key alone, is passed over.
    """
    known: dict[int, tuple[str, int | None]] = {}
    wanted = set(ids)
    while wanted:
        rows = Category.objects.filter(pk__in=wanted)
        for pk, key, name, parent in rows.values_list("pk", "host_key", "name", "parent_id"):
            known[pk] = (name if pk in ids or name != key else "", parent)
        wanted = {parent for _, parent in known.values() if parent is not None} - set(known)
    return {pk: _path(pk, known) for pk in ids if pk in known}


def _read(permit: Permit) -> tuple[list[Total], list[Total], Mapping[Kind, float]]:
    return (
        category_totals(permit=permit),
        category_totals(permit=permit, since=timezone.now() - RECENTLY),
        kind_weights(site=permit.site_id),
    )


def _factor(choice: InterestChoice) -> float:
    return choice.weight if choice.state == State.USED else 0.0


def _grounds(
    totals: Iterable[Total], weights: Mapping[Kind, float]
) -> dict[int | None, tuple[int, datetime]]:
    """How many events each category rests on, and the newest of them; kinds of no mass aside."""
    found: dict[int | None, tuple[int, datetime]] = {}
    for total in totals:
        if mass(total, weights) > 0:
            count, newest = found.get(total.category_id, (0, total.newest))
            found[total.category_id] = (count + total.events, max(newest, total.newest))
    return found


def _path(pk: int, known: Mapping[int, tuple[str, int | None]]) -> tuple[str, ...]:
    names: list[str] = []
    seen: set[int] = set()
    current: int | None = pk
    while current is not None and current in known and current not in seen:
        seen.add(current)
        name, current = known[current]
        names.append(name)
    return tuple(name for name in reversed(names) if name)

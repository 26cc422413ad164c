"""Delete events that were kept long enough, and any that should not be there at all.

``EVENT_RETENTION_DAYS`` gives days for each purpose, counted from the day the row came to this
server. A row goes when it is too old for every purpose it was committed under; reads stop at the
days of their own purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from consent.models import ConsentState
from consent.purposes import Purpose
from recommender.conf import recommender_settings
from recommender.events.history import days_of
from recommender.events.live_history import store as live
from recommender.events.models import Event, EventQuerySet, RefusalCount

BATCH = 1000
SHOPPERS = 200
KEEPING = (Purpose.ANALYTICS, Purpose.RECS_PERSONAL, Purpose.MODEL_TRAIN)
"""The purposes an event may be kept for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Rows deleted: too old, of sensitive products, of people who allow nothing."""

    old: int
    sensitive: int
    without_permission: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.old + self.sensitive + self.without_permission


def apply_retention(*, now: datetime | None = None) -> Swept:
    """Delete in statements of at most `BATCH` rows; stopping or repeating it does no harm."""
    moment = now or timezone.now()
    old = without_permission = 0
    for shopper_ids in _shoppers():
        rows = Event.rows.filter(shopper_id__in=shopper_ids)
        old += _delete(_old(rows, moment))
        without_permission += _delete(rows.filter(shopper_id__in=_without_permission(shopper_ids)))
    sensitive = _delete(
        Event.rows.filter(Q(product__category__sensitive=True) | Q(category__sensitive=True))
    )
    return Swept(old=old, sensitive=sensitive, without_permission=without_permission)


def delete_counts(*, now: datetime) -> int:
    """Delete hourly counts of refusals that were kept long enough; return how many."""
    hours = timedelta(days=recommender_settings.COUNT_RETENTION_DAYS)
    return RefusalCount.objects.filter(hour__lt=now - hours).delete()[0]


def delete_events(*, shopper_id: UUID, limit: int | None) -> int:
    """Delete at most ``limit`` events of a shopper (None: all), oldest first; return how many."""
    rows = Event.rows.filter(shopper_id=shopper_id)
    if limit is None:
        deleted = rows.delete()[0]
        _forget_later([shopper_id])
        return deleted
    return _delete_some(rows.order_by("id"), limit)


def _old(rows: EventQuerySet, moment: datetime) -> EventQuerySet:
    """Those too old for every purpose of their mask."""
    for purpose in KEEPING:
        name = f"bit_{purpose.bit}"
        cutoff = moment - timedelta(days=days_of(purpose))
        rows = rows.alias(**{name: F("purposes").bitand(purpose.bit)}).filter(
            Q(received_at__lt=cutoff) | Q(**{name: 0})
        )
    return rows


def _shoppers() -> Iterator[list[UUID]]:
    """Yield the shoppers who have a state, in key order, some at a time."""
    after = UUID(int=0)
    while True:
        keys = list(
            ConsentState.objects.filter(shopper_id__gt=after)
            .order_by("shopper_id")
            .values_list("shopper_id", flat=True)[:SHOPPERS]
        )
        if not keys:
            return
        yield keys
        after = keys[-1]


def _without_permission(shopper_ids: list[UUID]) -> list[UUID]:
    rows = ConsentState.objects.filter(shopper_id__in=shopper_ids).alias(
        allowed=F("purposes").bitand(Purpose.ANALYTICS.bit),
        rests=F("suspended").bitand(Purpose.ANALYTICS.bit),
    )
    return list(rows.filter(allowed=0, rests=0).values_list("shopper_id", flat=True))


def _delete(rows: EventQuerySet) -> int:
    total = 0
    while deleted := _delete_some(rows, BATCH):
        total += deleted
    return total


def _delete_some(rows: EventQuerySet, limit: int) -> int:
    """Delete at most ``limit`` of ``rows``, one statement for each shopper.

    Keys are read first: Django 5.2 turns a sliced subquery of pairs into ``EXISTS`` and loses
    its limit, and for SQLite a list of pairs into an expression too deep for it.
    """
    keys = sorted(rows.values_list("shopper_id", "id")[:limit])
    for shopper_id, pairs in groupby(keys, key=itemgetter(0)):
        ids = [event_id for _, event_id in pairs]
        Event.rows.filter(shopper_id=shopper_id, id__in=ids).delete()
    _forget_later(sorted({shopper_id for shopper_id, _ in keys}))
    return len(keys)


def _forget_later(shopper_ids: list[UUID]) -> None:
    """Have live histories read again once the deletion has committed."""
    if shopper_ids:
        transaction.on_commit(partial(live.forget, shopper_ids=shopper_ids))

"""Hand a browser's history to the account it joins, a batch at a time."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db import router, transaction
from django.db.models import F, Q

from consent.purposes import Purpose, to_mask
from recommender.events.live_history import store
from recommender.events.models import Event, EventQuerySet
from recommender.interests.models import InterestChoice, State


def move_events(source: UUID, target: UUID, purposes: frozenset[Purpose], limit: int) -> int:
    """Give at most ``limit`` events of ``source`` to ``target``, oldest first; return how many.

    Call it while the state rows of both are locked. A moved row allows no more than ``purposes``
    and keeps the number of the decision it was recorded under: the ledger tells that this decision
    belongs to the target's past. An event the target holds already is dropped. Events of sensitive
    products and of categories one of the two removed from its interests stay behind, for the
    deletion that follows.
    """
    using = router.db_for_write(Event)
    rows = _movable(source, target).using(using)
    # Keys first, as in `recommender.events.retention`.
    ids = list(rows.order_by("id").values_list("id", flat=True)[:limit])
    if not ids:
        return 0
    theirs = Event.rows.using(using).filter(shopper_id=source, id__in=ids)
    held = Event.rows.using(using).filter(shopper_id=target, id__in=ids)
    theirs.filter(id__in=list(held.values_list("id", flat=True))).delete()
    theirs.update(shopper=target, purposes=F("purposes").bitand(to_mask(purposes)))
    transaction.on_commit(partial(store.forget, shopper_ids=[target]), using=using)
    return len(ids)


def _movable(source: UUID, target: UUID) -> EventQuerySet:
    kept = Purpose.ANALYTICS.bit
    rows = (
        Event.rows.filter(shopper_id=source)
        .alias(kept=F("purposes").bitand(kept))
        .filter(kept=kept)
        .exclude(product__category__sensitive=True)
        .exclude(category__sensitive=True)
    )
    for category_id in _unwanted(source, target):
        if category_id is None:
            rows = rows.exclude(product__isnull=False, product__category=None)
        else:
            about = Q(product__category=category_id) | Q(product=None, category=category_id)
            rows = rows.exclude(about)
    return rows


def _unwanted(source: UUID, target: UUID) -> list[int | None]:
    """The categories whose events must not reach the target."""
    removed = InterestChoice.objects.filter(shopper__in=[source, target], state=State.REMOVED)
    return list(removed.values_list("category_id", flat=True).distinct())

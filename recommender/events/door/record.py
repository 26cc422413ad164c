"""Facts the shop itself states about the visitor of a request. Never raises on a host's page."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import router, transaction
from django.http import HttpRequest
from django.utils import timezone

from consent.gate import refusal_of
from consent.purposes import Purpose
from consent.savepoints import in_host_transaction
from consent.visitor import Level, visitor_of
from recommender.events import identifiers
from recommender.events.door.facts import Fact
from recommender.events.door.visit import extend_visit
from recommender.events.door.writing import store
from recommender.events.kinds import Kind
from recommender.events.models import Event
from recommender.events.records import Cause, OrderedUnit, Outcome, Verdict
from recommender.events.refusals import count_refusals

logger = logging.getLogger(__name__)


def record(
    *,
    request: HttpRequest,
    kind: Kind,
    product_key: str | None = None,
    category_key: str | None = None,
    value: int | None = None,
    price_micros: int | None = None,
    placement: str | None = None,
    slate: UUID | str | None = None,
    position: int | None = None,
    event_id: UUID | None = None,
) -> Outcome:
    """Record that the visitor of ``request`` did ``kind``, now.

    Nothing is stored for a visitor who did not allow it. In level "this visit" a view joins the
    visit's cookie and nothing else is kept. Inside a host's transaction the event is written
    after the commit (``deferred``), so that what was rolled back never happened.

    Never raises: an error is logged, counted and returned as ``refused``.
    """
    try:
        fact = Fact(
            event_id=event_id or identifiers.mint(),
            kind=Kind(kind),
            occurred_at=timezone.now(),
            product_key=product_key or None,
            category_key=category_key or None,
            value=value,
            price_micros=price_micros,
            placement=placement or "",
            slate=UUID(str(slate)) if slate else None,
            position=position,
        )
        return _record(request, [fact])[0]
    except Exception:
        logger.exception("An event of kind %r could not be recorded.", str(kind))
        return Outcome(verdict=Verdict.REFUSED, cause=Cause.ERROR)


def record_order(
    *,
    request: HttpRequest,
    order_key: str,
    lines: Iterable[OrderedUnit],
    occurred_at: datetime | None = None,
) -> list[Outcome]:
    """Record an order, one event for each line, in one transaction.

    ``order_key`` and ``occurred_at`` (now, when not given) name the events: recording the same
    order twice at the same moment stores it once. Never raises; see `record`.
    """
    units = list(lines)
    try:
        moment = occurred_at or timezone.now()
        facts = [
            Fact(
                event_id=identifiers.derived(
                    milliseconds=identifiers.to_milliseconds(moment),
                    parts=("order", order_key, unit.product_key, str(place)),
                ),
                kind=Kind.ORDER,
                occurred_at=moment,
                product_key=unit.product_key,
                value=unit.quantity,
                price_micros=unit.price_micros,
            )
            for place, unit in enumerate(units)
        ]
        return _record(request, facts)
    except Exception:
        logger.exception("An order could not be recorded.")
        return [Outcome(verdict=Verdict.REFUSED, cause=Cause.ERROR)] * len(units)


def _record(request: HttpRequest, facts: Sequence[Fact]) -> list[Outcome]:
    visitor = visitor_of(request)
    if refusal_of(visitor, Purpose.ANALYTICS) is not None:
        return [Outcome(verdict=Verdict.REFUSED, cause=Cause.CONSENT)] * len(facts)
    if visitor.level is Level.VISIT:
        return extend_visit(request=request, visitor=visitor, facts=facts)
    if visitor.level is not Level.REMEMBER or visitor.shopper_id is None:
        return [Outcome(verdict=Verdict.REFUSED, cause=Cause.CONSENT)] * len(facts)
    if in_host_transaction(Event):
        later = partial(_store_later, visitor.site_id, visitor.shopper_id, facts, visitor.gpc)
        transaction.on_commit(later, using=router.db_for_write(Event), robust=True)
        return [Outcome(verdict=Verdict.DEFERRED, event_id=fact.event_id) for fact in facts]
    return _store(visitor.site_id, visitor.shopper_id, facts, visitor.gpc)


def _store(site_id: int, shopper_id: UUID, facts: Sequence[Fact], gpc: bool) -> list[Outcome]:
    try:
        return store(site_id=site_id, shopper_id=shopper_id, facts=facts, gpc=gpc)
    except Exception:
        logger.exception("%d events could not be recorded.", len(facts))
        count_refusals(site_id=site_id, causes={Cause.ERROR: len(facts)})
        return [Outcome(verdict=Verdict.REFUSED, cause=Cause.ERROR)] * len(facts)


def _store_later(site_id: int, shopper_id: UUID, facts: Sequence[Fact], gpc: bool) -> None:
    _store(site_id, shopper_id, facts, gpc)

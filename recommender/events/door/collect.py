"""What a visitor's browser reports in batches."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.http import HttpRequest

from consent.gate import refusal_of
from consent.purposes import Purpose
from consent.visitor import Level, visitor_of
from recommender.events.batch import Batch, Refused
from recommender.events.door.facts import Fact
from recommender.events.door.visit import extend_visit
from recommender.events.door.writing import store
from recommender.events.records import BatchResult, BatchVerdict, Cause, Outcome, Verdict
from recommender.events.refusals import count_refusals


def collect(*, request: HttpRequest, batch: Batch) -> BatchResult:
    """Take what `recommender.events.batch.read_batch` read from the visitor of ``request``.

    Without permission, in a gift visit too, nothing at all is stored: every event of the batch is
    refused, and so is afterwards what happened before the gift visit was switched back. In level
    "this visit" views join the visit's cookie and the rest is ``not_kept``. Otherwise each event
    is accepted, known already, or refused with its cause, and what is refused is counted.
    """
    visitor, events = visitor_of(request), batch.events
    is_kept = visitor.level is Level.REMEMBER and visitor.shopper_id is not None
    is_refused = refusal_of(visitor, Purpose.ANALYTICS) is not None
    if is_refused or (not is_kept and visitor.level is not Level.VISIT):
        causes = {Cause.CONSENT: len(events)} if events else {}
        count_refusals(site_id=visitor.site_id, causes=causes)
        return BatchResult(verdicts=tuple(_refused(each, Cause.CONSENT) for each in events))
    events = [_judged(each, visitor.learning_since) for each in events]
    facts = [each for each in events if isinstance(each, Fact)]
    outcomes: list[Outcome] = []
    if facts and visitor.level is Level.VISIT:
        outcomes = extend_visit(request=request, visitor=visitor, facts=facts)
    elif facts and visitor.shopper_id is not None:
        outcomes = store(
            site_id=visitor.site_id,
            shopper_id=visitor.shopper_id,
            facts=facts,
            page=batch.page,
            gpc=visitor.gpc,
        )
    unread = Counter(each.cause for each in events if isinstance(each, Refused))
    count_refusals(site_id=visitor.site_id, causes=unread)
    remaining = iter(outcomes)
    return BatchResult(
        verdicts=tuple(
            _verdict(each, next(remaining))
            if isinstance(each, Fact)
            else _refused(each, each.cause)
            for each in events
        )
    )


def _judged(each: Fact | Refused, since: datetime | None) -> Fact | Refused:
    """Refuse what happened while nothing was to be learned."""
    if since is None or isinstance(each, Refused) or each.occurred_at >= since:
        return each
    return Refused(str(each.event_id), Cause.CONSENT)


def _verdict(fact: Fact, outcome: Outcome) -> BatchVerdict:
    return BatchVerdict(id=str(fact.event_id), verdict=outcome.verdict, cause=outcome.cause)


def _refused(each: Fact | Refused, cause: Cause) -> BatchVerdict:
    name = str(each.event_id) if isinstance(each, Fact) else each.id
    return BatchVerdict(id=name, verdict=Verdict.REFUSED, cause=cause)

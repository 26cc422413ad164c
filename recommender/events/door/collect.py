"""What a visitor's browser reports in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.http import HttpRequest

from consent.visitor import Level, visitor_of
from recommender.events.batch import Refused
from recommender.events.door.facts import Fact
from recommender.events.door.visit import extend_visit
from recommender.events.door.writing import store
from recommender.events.records import BatchResult, BatchVerdict, Cause, Outcome, Verdict
from recommender.events.refusals import count_refusals


def collect(*, request: HttpRequest, batch: Sequence[Fact | Refused]) -> BatchResult:
    """Take what `recommender.events.batch.read_batch` read from the visitor of ``request``.

    Without permission nothing at all is stored: every event of the batch is refused. In level
    "this visit" views join the visit's cookie and the rest is ``not_kept``. Otherwise each event
    is accepted, known already, or refused with its cause, and what is refused is counted.
    """
    visitor = visitor_of(request)
    is_kept = visitor.level is Level.REMEMBER and visitor.shopper_id is not None
    if not is_kept and visitor.level is not Level.VISIT:
        causes = {Cause.CONSENT: len(batch)} if batch else {}
        count_refusals(site_id=visitor.site_id, causes=causes)
        return BatchResult(verdicts=tuple(_refused(each, Cause.CONSENT) for each in batch))
    facts = [each for each in batch if isinstance(each, Fact)]
    outcomes: list[Outcome] = []
    if facts and visitor.level is Level.VISIT:
        outcomes = extend_visit(request=request, visitor=visitor, facts=facts)
    elif facts and visitor.shopper_id is not None:
        outcomes = store(site_id=visitor.site_id, shopper_id=visitor.shopper_id, facts=facts)
    unread = Counter(each.cause for each in batch if isinstance(each, Refused))
    count_refusals(site_id=visitor.site_id, causes=unread)
    remaining = iter(outcomes)
    return BatchResult(
        verdicts=tuple(
            _verdict(each, next(remaining))
            if isinstance(each, Fact)
            else _refused(each, each.cause)
            for each in batch
        )
    )


def _verdict(fact: Fact, outcome: Outcome) -> BatchVerdict:
    return BatchVerdict(id=str(fact.event_id), verdict=outcome.verdict, cause=outcome.cause)


def _refused(each: Fact | Refused, cause: Cause) -> BatchVerdict:
    name = str(each.event_id) if isinstance(each, Fact) else each.id
    return BatchVerdict(id=name, verdict=Verdict.REFUSED, cause=cause)

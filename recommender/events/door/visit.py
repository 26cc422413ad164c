"""Level "this visit": a view joins the visit's own cookie, and nothing else is kept."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from consent.gate import VisitPermit, permit
from consent.purposes import Purpose
from consent.savepoints import host_transaction_kept
from consent.visit import remember_visit
from consent.visitor import Visitor
from recommender.catalog.models import Product
from recommender.events.door.facts import Fact
from recommender.events.door.resolve import Subject, resolve
from recommender.events.door.writing import count_outcomes, known_of
from recommender.events.kinds import Kind
from recommender.events.records import Cause, Outcome, Verdict

NOT_KEPT = Outcome(verdict=Verdict.NOT_KEPT)


def extend_visit(*, request: HttpRequest, visitor: Visitor, facts: Sequence[Fact]) -> list[Outcome]:
    """Add the viewed products to the cookie, oldest first; return one outcome for each fact."""
    answer = permit(visitor, Purpose.RECS_PERSONAL)
    if not isinstance(answer, VisitPermit):
        return [Outcome(verdict=Verdict.REFUSED, cause=Cause.CONSENT)] * len(facts)
    views = [fact for fact in facts if fact.kind is Kind.VIEW and fact.product_key]
    with host_transaction_kept(Product):
        known = known_of(visitor.site_id, views)
    visit = answer.visit
    outcomes = []
    for fact in facts:
        if fact.kind is not Kind.VIEW or not fact.product_key:
            outcomes.append(NOT_KEPT)
            continue
        subject = resolve(
            kind=fact.kind, product_key=fact.product_key, category_key=None, known=known
        )
        if isinstance(subject, Subject):
            visit = visit.with_product(fact.product_key)
            outcomes.append(Outcome(verdict=Verdict.NOT_KEPT, event_id=fact.event_id))
        else:
            outcomes.append(Outcome(verdict=Verdict.REFUSED, cause=subject))
    if visit is not answer.visit:
        remember_visit(request, visit)
    count_outcomes(visitor.site_id, outcomes)
    return outcomes

"""Take facts of one visitor to the sink: look up, validate, write, count what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from recommender.catalog.selectors import category_references, product_references
from recommender.events import identifiers
from recommender.events.door.facts import Fact
from recommender.events.door.resolve import Known, Subject, resolve
from recommender.events.draft import (
    LARGEST_POSITION,
    PLACEMENT_LENGTH,
    Draft,
    refusal_of_price,
    refusal_of_value,
)
from recommender.events.live_history import store as live
from recommender.events.records import Cause, Outcome, Verdict
from recommender.events.refusals import count_refusals
from recommender.events.sinks import database


def store(
    *,
    site_id: int,
    shopper_id: UUID,
    facts: Sequence[Fact],
    page: str | None = None,
    gpc: bool = False,
) -> list[Outcome]:
    """Write the facts of a remembered visitor; return one outcome for each, in order.

    ``page`` is the stamp of the page that reports them; None where the shop itself states them.
    ``gpc``: the request they come from carries Global Privacy Control.
    """
    marks = live.marks(site_id=site_id, shopper_id=shopper_id)
    known = known_of(site_id, facts)
    drafts = [_draft(shopper_id, fact, known) for fact in facts]
    writable = [draft for draft in drafts if isinstance(draft, Draft)]
    answers: list[database.Answer] = []
    if writable:
        answers = database.write(
            site_id=site_id,
            shopper_id=shopper_id,
            drafts=writable,
            marks=marks,
            page=page,
            gpc=gpc,
        )
    remaining = iter(answers)
    outcomes = [
        _outcome(draft.id, next(remaining))
        if isinstance(draft, Draft)
        else Outcome(verdict=Verdict.REFUSED, cause=draft)
        for draft in drafts
    ]
    count_outcomes(site_id, outcomes)
    return outcomes


def known_of(site_id: int, facts: Collection[Fact]) -> Known:
    """Look up every product and category the facts speak of: at most one query for each."""
    products = {fact.product_key for fact in facts if fact.product_key}
    categories = {fact.category_key for fact in facts if fact.category_key}
    return Known(
        product_references(site=site_id, keys=products) if products else {},
        category_references(site=site_id, keys=categories) if categories else {},
    )


def count_outcomes(site_id: int, outcomes: Iterable[Outcome]) -> None:
    """Add the refused ones to the counts."""
    causes = Counter(outcome.cause for outcome in outcomes if outcome.cause is not None)
    count_refusals(site_id=site_id, causes=causes)


def _draft(shopper_id: UUID, fact: Fact, known: Known) -> Draft | Cause:
    if (cause := _refusal_of(fact)) is not None:
        return cause
    subject = resolve(
        kind=fact.kind,
        product_key=fact.product_key,
        category_key=fact.category_key,
        known=known,
    )
    if not isinstance(subject, Subject):
        return subject
    return Draft(
        shopper_id=shopper_id,
        id=fact.event_id,
        kind=fact.kind,
        occurred_at=fact.occurred_at,
        product_id=subject.product_id,
        category_id=subject.category_id,
        placement=fact.placement,
        slate=fact.slate,
        position=fact.position,
        value=fact.value,
        price_micros=fact.price_micros,
        product_key=fact.product_key or "",
    )


def _refusal_of(fact: Fact) -> Cause | None:
    if not identifiers.is_event_id(fact.event_id):
        return Cause.BAD_ID
    if len(fact.placement) > PLACEMENT_LENGTH or "\x00" in fact.placement:
        return Cause.BAD_VALUE
    if fact.position is not None and not 0 <= fact.position <= LARGEST_POSITION:
        return Cause.BAD_VALUE
    return refusal_of_value(fact.kind, fact.value) or refusal_of_price(fact.price_micros)


def _outcome(event_id: UUID, answer: database.Answer) -> Outcome:
    if isinstance(answer, Cause):
        return Outcome(verdict=Verdict.REFUSED, cause=answer)
    return Outcome(verdict=answer, event_id=event_id)

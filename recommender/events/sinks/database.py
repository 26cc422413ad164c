"""The sink that writes to the database: the gate and the insert in one outermost transaction.

The rows are written while the consent state is locked, so a withdrawal either comes first and
refuses them, or waits and then finds them to delete. No row commits after a withdrawal did. What
was committed then joins the live history, where one is kept and the generation is still the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeGuard
from uuid import UUID

from django.db import connections, router, transaction
from django.utils import timezone

from consent.gate import Permit, Refusal, lock_permits
from consent.page_stamp import is_current
from consent.purposes import Purpose, to_mask
from recommender.events.draft import Draft
from recommender.events.identifiers import to_milliseconds
from recommender.events.live_history import store as live
from recommender.events.live_history.entries import Entry
from recommender.events.models import Event
from recommender.events.records import Cause, EventRow, Verdict
from recommender.events.removal import removed_events
from recommender.events.sinks.table import insert_counted, insert_each

SITTING = timedelta(minutes=30)
"""What follows the last event within this time belongs to the same visit."""

Answer = Verdict | Cause
"""``accepted``, ``duplicate``, or why it was refused."""


def write(
    *,
    site_id: int,
    shopper_id: UUID,
    drafts: Sequence[Draft],
    marks: str | None = None,
    page: str | None = None,
    gpc: bool = False,
) -> list[Answer]:
    """Store the events of one shopper; return one answer for each, in order.

    Refused is what happened before the last decision: a purpose granted since did not cover it
    then. So is everything from a page made before the last withdrawal. ``marks`` are the live
    history's, from before the products were looked up; ``page`` is the stamp of the page that
    reports, None where the shop itself does. ``gpc``: Global Privacy Control came with them, so
    they are stored without the purposes it keeps off.

    What is of a category the person removed from their interests is refused.

    Raises ``RuntimeError`` inside another transaction: the lock must end with this one.
    """
    using = router.db_for_write(Event)
    with transaction.atomic(using=using, durable=True):
        permit = lock_permits([shopper_id], Purpose.ANALYTICS, gpc=gpc)[shopper_id]
        if not _is_permit(permit, site_id):
            return [Cause.CONSENT] * len(drafts)
        if page is not None and not _is_of(permit, page):
            return [Cause.OLD_PAGE] * len(drafts)
        early = _before_decision(permit, drafts)
        removed = removed_events(shopper_id=shopper_id, drafts=drafts)
        kept = [draft for draft in drafts if draft.id not in removed | early]
        visit = _visit(using, shopper_id, kept)
        rows = _rows(kept, {shopper_id: permit}, timezone.now(), visit)
        new = insert_each(connections[using], rows)
    _push(permit, marks, kept, rows, new)
    answers: list[Answer] = []
    for draft in drafts:
        if draft.id in early:
            answers.append(Cause.BEFORE_DECISION)
            continue
        if draft.id in removed:
            answers.append(Cause.REMOVED_INTEREST)
            continue
        key = (shopper_id, draft.id)
        answers.append(Verdict.ACCEPTED if key in new else Verdict.DUPLICATE)
        new.discard(key)
    return answers


def write_many(*, site_id: int, drafts: Sequence[Draft]) -> tuple[int, int]:
    """Store the events of many shoppers in one transaction.

    Returns:
        how many were new, and how many the gate refused; the others were known.

    Raises:
        RuntimeError: inside another transaction.
    """
    using = router.db_for_write(Event)
    with transaction.atomic(using=using, durable=True):
        answers = lock_permits({draft.shopper_id for draft in drafts}, Purpose.ANALYTICS)
        permits = {key: answer for key, answer in answers.items() if _is_permit(answer, site_id)}
        allowed = [draft for draft in drafts if draft.shopper_id in permits]
        new = insert_counted(connections[using], _rows(allowed, permits, timezone.now(), None))
    live.forget(shopper_ids=permits)
    return new, len(drafts) - len(allowed)


def _push(
    permit: Permit,
    marks: str | None,
    drafts: Sequence[Draft],
    rows: Sequence[EventRow],
    new: set[tuple[UUID, UUID]],
) -> None:
    """Add what is new and may rank to the live history."""
    if not live.is_used():
        return
    live.push(
        permit=permit,
        marks=marks,
        entries=[
            Entry(
                row.id,
                row.product_id,
                draft.product_key,
                draft.kind,
                row.value,
                row.occurred_at,
                row.received_at,
                row.purposes,
            )
            for draft, row in zip(drafts, rows, strict=True)
            if row.product_id is not None
            and (row.shopper_id, row.id) in new
            and row.purposes & Purpose.RECS_PERSONAL.bit
        ],
    )


def _is_permit(answer: Permit | Refusal, site_id: int) -> TypeGuard[Permit]:
    return isinstance(answer, Permit) and answer.site_id == site_id


def _is_of(permit: Permit, page: str) -> bool:
    return is_current(page, shopper_id=permit.shopper_id, generation=permit.generation)


def _before_decision(permit: Permit, drafts: Sequence[Draft]) -> frozenset[UUID]:
    """The ids of what happened before the last decision; ids are minted by the millisecond."""
    decided = to_milliseconds(permit.decided_at)
    return frozenset(draft.id for draft in drafts if to_milliseconds(draft.occurred_at) < decided)


def _rows(
    drafts: Sequence[Draft],
    permits: dict[UUID, Permit],
    received_at: datetime,
    visit: UUID | None,
) -> list[EventRow]:
    masks = {key: to_mask(permit.purposes) for key, permit in permits.items()}
    return [
        EventRow(
            draft.shopper_id,
            draft.id,
            permits[draft.shopper_id].site_id,
            draft.visit or visit,
            draft.kind.code,
            draft.product_id,
            draft.category_id,
            draft.placement,
            draft.slate,
            draft.position,
            draft.value,
            draft.price_micros,
            masks[draft.shopper_id],
            permits[draft.shopper_id].sequence,
            draft.occurred_at.astimezone(UTC),
            received_at,
        )
        for draft in drafts
    ]


def _visit(using: str, shopper_id: UUID, drafts: Sequence[Draft]) -> UUID | None:
    """The visit of the shopper's last event when it is recent, else a new one."""
    if not drafts:
        return None
    first = min(drafts, key=lambda draft: draft.id)
    last = (
        Event.rows.using(using)
        .filter(shopper_id=shopper_id)
        .order_by("-id")
        .values_list("visit", "occurred_at")
        .first()
    )
    if last is not None and last[0] is not None and first.occurred_at - last[1] < SITTING:
        return last[0]
    return first.id

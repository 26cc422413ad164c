"""The sink that writes to the database: the gate and the insert in one outermost transaction.

The rows are written while the consent state is locked, so a withdrawal either comes first and
refuses them, or waits and then finds them to delete. No row commits after a withdrawal did.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeGuard
from uuid import UUID

from django.db import connections, router, transaction
from django.utils import timezone

from consent.gate import Permit, Refusal, lock_permits
from consent.purposes import Purpose, to_mask
from recommender.events.draft import Draft
from recommender.events.models import Event
from recommender.events.records import Cause, EventRow, Verdict
from recommender.events.sinks.table import insert_counted, insert_each

SITTING = timedelta(minutes=30)
"""What follows the last event within this time belongs to the same visit."""

Answer = Verdict | Cause
"""``accepted``, ``duplicate``, or why it was refused."""


def write(*, site_id: int, shopper_id: UUID, drafts: Sequence[Draft]) -> list[Answer]:
    """Store the events of one shopper; return one answer for each, in order.

    Raises ``RuntimeError`` inside another transaction: the lock must end with this one.
    """
    using = router.db_for_write(Event)
    with transaction.atomic(using=using, durable=True):
        permit = lock_permits([shopper_id], Purpose.ANALYTICS)[shopper_id]
        if not _is_permit(permit, site_id):
            return [Cause.CONSENT] * len(drafts)
        visit = _visit(using, shopper_id, drafts)
        rows = _rows(drafts, {shopper_id: permit}, timezone.now(), visit)
        new = insert_each(connections[using], rows)
    answers: list[Answer] = []
    for row in rows:
        answers.append(Verdict.ACCEPTED if (row.shopper_id, row.id) in new else Verdict.DUPLICATE)
        new.discard((row.shopper_id, row.id))
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
    return new, len(drafts) - len(allowed)


def _is_permit(answer: Permit | Refusal, site_id: int) -> TypeGuard[Permit]:
    return isinstance(answer, Permit) and answer.site_id == site_id


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
        Event.objects.using(using)
        .filter(shopper_id=shopper_id)
        .order_by("-id")
        .values_list("visit", "occurred_at")
        .first()
    )
    if last is not None and last[0] is not None and first.occurred_at - last[1] < SITTING:
        return last[0]
    return first.id

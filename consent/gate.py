"""Answer whether personal data may be used for a purpose, now. The default is no."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import router, transaction

from consent._permit import SEAL, Permit, Refusal, RefusalReason, VisitPermit
from consent.models import ConsentState
from consent.purposes import GPC_BLOCKED, Purpose, from_mask
from consent.visitor import Level, Visitor

__all__ = [
    "Permit",
    "Refusal",
    "RefusalReason",
    "VisitPermit",
    "lock_permits",
    "permit",
    "permit_shopper",
]

_COLUMNS = ("shopper_id", "site_id", "purposes", "sequence", "generation", "policy_id")


def permit(visitor: Visitor, purpose: Purpose) -> Permit | VisitPermit | Refusal:
    """Answer for the person behind a request: one query for a remembered one, else none.

    A visit is permitted ``recs.personal`` alone. A key that names nobody, or an imported
    shopper, counts as none.
    """
    if visitor.gpc and purpose in GPC_BLOCKED:
        return Refusal(purpose, RefusalReason.GPC)
    if visitor.level is Level.OFF:
        return Refusal(purpose, RefusalReason.REFUSED)
    if visitor.level is Level.VISIT and visitor.visit is not None:
        if purpose is Purpose.RECS_PERSONAL:
            return VisitPermit(purpose, visitor.visit, SEAL)
        return Refusal(purpose, RefusalReason.REFUSED)
    if visitor.level is not Level.REMEMBER or visitor.shopper_id is None:
        reason = RefusalReason.UNKNOWN_KEY if visitor.key_unknown else RefusalReason.UNDECIDED
        return Refusal(purpose, reason)
    row = _states([visitor.shopper_id], shopper__is_imported=False).get(visitor.shopper_id)
    if row is None:
        visitor.forget_key()
    elif row[1] != visitor.site_id:
        return Refusal(purpose, RefusalReason.OTHER_SITE)
    elif not row[2]:
        visitor.close_key()
    return _answer(row, purpose)


def permit_shopper(shopper_id: UUID, purpose: Purpose) -> Permit | Refusal:
    """Answer for a shopper by key, outside a request. One query."""
    return _answer(_states([shopper_id]).get(shopper_id), purpose)


def lock_permits(shopper_ids: Collection[UUID], purpose: Purpose) -> dict[UUID, Permit | Refusal]:
    """Answer for many shoppers, and hold each answer true until the transaction ends.

    PostgreSQL locks the state rows ``FOR SHARE`` in key order, so that a withdrawal waits for
    the writer and the next writer sees the withdrawal. SQLite transactions are IMMEDIATE: the
    writer already holds the only write lock. Raises ``TransactionManagementError`` outside a
    transaction.
    """
    using = router.db_for_write(ConsentState)
    connection = transaction.get_connection(using)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("lock_permits() needs a transaction.")
    wanted = sorted(set(shopper_ids))
    if connection.vendor == "postgresql":
        rows = _locked_states(connection, wanted)
    else:
        rows = _states(wanted, using=using)
    return {key: _answer(rows.get(key), purpose) for key in wanted}


def _locked_states(connection: Any, wanted: list[UUID]) -> dict[UUID, tuple[Any, ...]]:
    table = connection.ops.quote_name(ConsentState._meta.db_table)
    sql = (
        f"SELECT {', '.join(_COLUMNS)} FROM {table} "  # noqa: S608 (names of our own columns)
        "WHERE shopper_id = ANY(%s) ORDER BY shopper_id FOR SHARE"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [wanted])
        return {row[0]: row for row in cursor.fetchall()}


def _states(
    wanted: Iterable[UUID], *, using: str | None = None, **conditions: Any
) -> dict[UUID, tuple[Any, ...]]:
    states = ConsentState.objects.using(using or router.db_for_write(ConsentState))
    rows: dict[UUID, tuple[Any, ...]] = {}
    keys = list(wanted)
    for start in range(0, len(keys), 500):
        chunk = keys[start : start + 500]
        found = states.filter(shopper_id__in=chunk, **conditions).values_list(*_COLUMNS)
        rows.update((row[0], row) for row in found)
    return rows


def _answer(row: tuple[Any, ...] | None, purpose: Purpose) -> Permit | Refusal:
    if row is None:
        return Refusal(purpose, RefusalReason.UNKNOWN_KEY)
    shopper_id, site_id, mask, sequence, generation, policy_id = row
    purposes = from_mask(mask) | {Purpose.NECESSARY}
    if purpose not in purposes:
        return Refusal(purpose, RefusalReason.REFUSED)
    return Permit(shopper_id, site_id, purpose, purposes, sequence, generation, policy_id, SEAL)

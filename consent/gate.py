"""Answer whether personal data may be used for a purpose, now. The default is no."""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import router, transaction

from consent._permit import SEAL, Permit, Refusal, RefusalReason, VisitPermit
from consent.models import ConsentState, Shopper
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


class Row(NamedTuple):
    """A state row as the gate reads it."""

    shopper_id: UUID
    site_id: int
    purposes: int
    sequence: int
    generation: int
    policy_id: int | None


_SELECT = (
    f"SELECT {', '.join(Row._fields)} FROM {ConsentState._meta.db_table} "  # noqa: S608
    "WHERE shopper_id IN ({})"
)
_LIVE = (
    f" AND NOT EXISTS (SELECT 1 FROM {Shopper._meta.db_table} s "  # noqa: S608
    f"WHERE s.id = {ConsentState._meta.db_table}.shopper_id AND s.is_imported)"
)
_LOCK = " ORDER BY shopper_id FOR SHARE"
_CHUNK = 500
_NECESSARY = Purpose.NECESSARY.bit


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
    row = _read([visitor.shopper_id], _LIVE).get(visitor.shopper_id)
    if row is None:
        visitor.forget_key()
    elif row.site_id != visitor.site_id:
        return Refusal(purpose, RefusalReason.OTHER_SITE)
    elif not row.purposes:
        visitor.close_key()
    return _answer(row, purpose)


def permit_shopper(shopper_id: UUID, purpose: Purpose) -> Permit | Refusal:
    """Answer for a shopper by key, outside a request. One query."""
    return _answer(_read([shopper_id]).get(shopper_id), purpose)


def lock_permits(shopper_ids: Collection[UUID], purpose: Purpose) -> dict[UUID, Permit | Refusal]:
    """Answer for many shoppers, and hold each answer true until the transaction ends.

    PostgreSQL locks the state rows ``FOR SHARE`` in key order, so that a withdrawal waits for
    the writer and the next writer sees the withdrawal. SQLite transactions are IMMEDIATE: the
    writer already holds the only write lock. Raises ``TransactionManagementError`` outside a
    transaction.
    """
    connection = transaction.get_connection(router.db_for_write(ConsentState))
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("lock_permits() needs a transaction.")
    wanted = sorted(set(shopper_ids), key=attrgetter("int"))
    lock = _LOCK if connection.vendor == "postgresql" else ""
    rows: dict[UUID, Row] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows |= _read(wanted[start : start + _CHUNK], lock)
    return {key: _answer(rows.get(key), purpose) for key in wanted}


def _read(wanted: list[UUID], ending: str = "") -> dict[UUID, Row]:
    """Read state rows with one plain statement: the object mapper costs more than the query."""
    connection: Any = transaction.get_connection(router.db_for_write(ConsentState))
    key_field = ConsentState._meta.pk.target_field  # type: ignore[attr-defined]
    keys = [key_field.get_db_prep_value(key, connection) for key in wanted]
    marks = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(_SELECT.format(marks) + ending, keys)
        rows = [Row(_uuid(row[0]), *row[1:]) for row in cursor.fetchall()]
    return {row.shopper_id: row for row in rows}


def _uuid(value: Any) -> UUID:
    """Return a key as PostgreSQL gives it, or from the text SQLite keeps."""
    return value if isinstance(value, UUID) else UUID(value)


def _answer(row: Row | None, purpose: Purpose) -> Permit | Refusal:
    if row is None:
        return Refusal(purpose, RefusalReason.UNKNOWN_KEY)
    purposes = from_mask(row.purposes | _NECESSARY)
    if purpose not in purposes:
        return Refusal(purpose, RefusalReason.REFUSED)
    return Permit(
        row.shopper_id,
        row.site_id,
        purpose,
        purposes,
        row.sequence,
        row.generation,
        row.policy_id,
        SEAL,
    )

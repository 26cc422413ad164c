"""Answer whether personal data may be used for a purpose, now. The default is no."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import router, transaction

from consent._permit import SEAL, Permit, Refusal, RefusalReason, VisitPermit
from consent.gate_cache import store
from consent.gate_cache.connection import Unreachable, is_configured
from consent.models import ConsentState, Shopper
from consent.people.turns import shared_turns
from consent.purposes import GPC_BLOCKED, Purpose, from_mask, to_mask
from consent.savepoints import host_transaction_kept
from consent.visitor import Level, Visitor

__all__ = [
    "Permit",
    "Refusal",
    "RefusalReason",
    "VisitPermit",
    "generation_of",
    "load",
    "lock_permits",
    "permit",
    "permit_shopper",
    "refusal_of",
]


class Row(NamedTuple):
    """A state row as the gate reads it."""

    shopper_id: UUID
    site_id: int
    purposes: int
    sequence: int
    generation: int
    policy_id: int | None
    suspended: int
    confirmed: int
    decided_at: int
    """Unix microseconds."""


_SELECT = (
    f"SELECT {', '.join(Row._fields)} FROM {ConsentState._meta.db_table} "  # noqa: S608
    "WHERE shopper_id IN ({})"
)
_DECIDED_AT = Row._fields.index("decided_at")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LIVE = (
    f" AND NOT EXISTS (SELECT 1 FROM {Shopper._meta.db_table} s "  # noqa: S608
    f"WHERE s.id = {ConsentState._meta.db_table}.shopper_id AND s.is_imported)"
)
_TURNS = (
    "WITH turns AS MATERIALIZED "
    "(SELECT pg_advisory_xact_lock_shared(turn) FROM unnest(%s::bigint[]) turn) "
)
_LOCK = " AND (SELECT count(*) FROM turns) >= 0 ORDER BY shopper_id FOR SHARE"
_CHUNK = 500
_NECESSARY = Purpose.NECESSARY.bit
_BLOCKED = to_mask(GPC_BLOCKED)


def permit(visitor: Visitor, purpose: Purpose) -> Permit | VisitPermit | Refusal:
    """Answer for the person behind a request: at most one query for a remembered one, else none.

    With a Redis the state row comes from there for up to a minute; any decision ends that.

    A visit is permitted ``recs.personal`` alone. A key that names nobody, or an imported
    shopper, counts as none.
    """
    if (refused := refusal_of(visitor, purpose)) is not None:
        return refused
    if visitor.level is Level.VISIT and visitor.visit is not None:
        if purpose is Purpose.RECS_PERSONAL:
            return VisitPermit(purpose, visitor.visit, SEAL)
        return Refusal(purpose, RefusalReason.REFUSED)
    if visitor.level is not Level.REMEMBER or visitor.shopper_id is None:
        reason = RefusalReason.UNKNOWN_KEY if visitor.key_unknown else RefusalReason.UNDECIDED
        return Refusal(purpose, reason)
    row = _row_of(visitor.shopper_id)
    visitor.generation = None if row is None else row.generation
    if row is None:
        visitor.forget_key()
    elif row.site_id != visitor.site_id:
        return Refusal(purpose, RefusalReason.OTHER_SITE)
    else:
        visitor.learn(policy_id=row.policy_id, is_suspended=bool(row.suspended))
        if not row.purposes and not row.suspended:
            visitor.close_key()
    return _answer(row, purpose, gpc=visitor.gpc)


def refusal_of(visitor: Visitor, purpose: Purpose) -> Refusal | None:
    """Tell why the request itself already refuses, without a query; None when it does not.

    What it allows is still for the state row to say.
    """
    reason: RefusalReason | None = None
    if visitor.age.forbids_profile and purpose is not Purpose.NECESSARY:
        reason = RefusalReason.MINOR
    elif visitor.is_gift and purpose is not Purpose.NECESSARY:
        reason = RefusalReason.GIFT
    elif visitor.gpc and purpose in GPC_BLOCKED and visitor.level is not Level.REMEMBER:
        reason = RefusalReason.GPC
    elif visitor.level is Level.OFF:
        reason = RefusalReason.REFUSED
    return None if reason is None else Refusal(purpose, reason)


def generation_of(visitor: Visitor) -> int | None:
    """Return the generation of a remembered visitor; None for anybody else.

    No query where ``permit`` was asked before. An error leaves a host's transaction usable.
    """
    if visitor.level is Level.REMEMBER and visitor.generation is None:
        with host_transaction_kept(ConsentState):
            permit(visitor, Purpose.NECESSARY)
    return visitor.generation if visitor.level is Level.REMEMBER else None


def permit_shopper(shopper_id: UUID, purpose: Purpose) -> Permit | Refusal:
    """Answer for a shopper by key, outside a request. One query."""
    return _answer(_read([shopper_id]).get(shopper_id), purpose)


def lock_permits(
    shopper_ids: Collection[UUID], purpose: Purpose, *, gpc: bool = False
) -> dict[UUID, Permit | Refusal]:
    """Answer for many shoppers, and hold each answer true until the transaction ends.

    ``gpc``: what is to be used came with Global Privacy Control, so no answer permits what that
    blocks and the person did not confirm.

    PostgreSQL locks the state rows ``FOR SHARE`` in key order, so that a withdrawal waits for
    the writer and the next writer sees the withdrawal; turns keep it from waiting for ever. SQLite
    transactions are IMMEDIATE: the writer already holds the only write lock. Raises
    ``TransactionManagementError`` outside a transaction.
    """
    if not _connection().in_atomic_block:
        raise transaction.TransactionManagementError("lock_permits() needs a transaction.")
    wanted = sorted(set(shopper_ids), key=attrgetter("int"))
    turns = shared_turns(wanted)
    rows: dict[UUID, Row] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows |= _read_locked(wanted[start : start + _CHUNK], turns)
    return {key: _answer(rows.get(key), purpose, gpc=gpc) for key in wanted}


def load(shopper_id: UUID) -> int | None:
    """Read a living person's row under its lock, keep it in Redis, and return its generation.

    None where there is no such person, or a transaction is open: it may hold a decision that is
    rolled back. Anything that found a gate missing calls this, or refuses.
    """
    row = None if _connection().in_atomic_block else _loaded(shopper_id)
    return None if row is None else row.generation


def _row_of(shopper_id: UUID) -> Row | None:
    """The row kept in Redis, else that of the database."""
    if not is_configured() or _connection().in_atomic_block:
        return _read([shopper_id], _LIVE).get(shopper_id)
    try:
        values = store.read(shopper_id)
    except Unreachable:
        return _read([shopper_id], _LIVE).get(shopper_id)
    if values is not None and len(values) == len(Row._fields) - 1:
        return Row(shopper_id, *values)
    return _loaded(shopper_id)


def _loaded(shopper_id: UUID) -> Row | None:
    with transaction.atomic(using=_connection().alias):
        row = _read_locked([shopper_id], shared_turns([shopper_id]), _LIVE).get(shopper_id)
        if row is not None:
            store.keep(store.Decided(shopper_id, row.generation, row.sequence), row[1:])
    return row


def _read_locked(wanted: list[UUID], turns: Sequence[int], condition: str = "") -> dict[UUID, Row]:
    if _connection().vendor != "postgresql":
        return _read(wanted, condition)
    return _read(wanted, condition + _LOCK, _TURNS, [list(turns)])


def _read(
    wanted: list[UUID], ending: str = "", beginning: str = "", given: Sequence[Any] = ()
) -> dict[UUID, Row]:
    """Read state rows with one plain statement: the object mapper costs more than the query."""
    connection = _connection()
    key_field = ConsentState._meta.pk.target_field  # type: ignore[attr-defined]
    keys = [key_field.get_db_prep_value(key, connection) for key in wanted]
    marks = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(beginning + _SELECT.format(marks) + ending, [*given, *keys])
        rows = [_row(values) for values in cursor.fetchall()]
    return {row.shopper_id: row for row in rows}


def _connection() -> Any:
    return transaction.get_connection(router.db_for_write(ConsentState))


def _row(values: Sequence[Any]) -> Row:
    """Make a row of what the database gives; SQLite keeps keys and moments as text."""
    key, moment = values[0], values[_DECIDED_AT]
    if not isinstance(moment, datetime):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    row = Row(key if isinstance(key, UUID) else UUID(key), *values[1:])
    return row._replace(decided_at=(moment - _EPOCH) // _MICROSECOND)


def _answer(row: Row | None, purpose: Purpose, *, gpc: bool = False) -> Permit | Refusal:
    if row is None:
        return Refusal(purpose, RefusalReason.UNKNOWN_KEY)
    kept_off = _BLOCKED & ~row.confirmed if gpc else 0
    if kept_off & purpose.bit and (row.purposes or row.suspended):
        return Refusal(purpose, RefusalReason.GPC)
    purposes = from_mask(row.purposes & ~kept_off | _NECESSARY)
    if purpose not in purposes:
        rests = row.suspended & purpose.bit
        return Refusal(purpose, RefusalReason.POLICY if rests else RefusalReason.REFUSED)
    return Permit(
        row.shopper_id,
        row.site_id,
        purpose,
        purposes,
        row.sequence,
        row.generation,
        row.policy_id,
        _EPOCH + row.decided_at * _MICROSECOND,
        SEAL,
    )

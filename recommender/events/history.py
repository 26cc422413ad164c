"""A shopper's newest events: kept in Redis while they are here, else read in one query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.utils import timezone

from consent.gate import Permit
from consent.purposes import Purpose
from recommender.catalog.models import Category, Product
from recommender.conf import recommender_settings
from recommender.events.kinds import DEFAULT_WEIGHTS, DISLIKES, Kind
from recommender.events.live_history import store as live
from recommender.events.live_history.entries import Entry
from recommender.events.models import Event, KindWeight
from recommender.events.records import HistoryItem
from recommender.events.weights import weighted_kinds
from recommender.interests.models import InterestChoice, State

MOST_DISLIKES = live.MOST_HIDDEN

_ROWS = """
SELECT e.id, e.product_id, p.host_key, e.kind, e.value, e.occurred_at, COALESCE(i.weight, 1.0),
e.received_at, e.purposes
FROM {event} e
JOIN {product} p ON p.id = e.product_id
LEFT JOIN {category} c ON c.id = p.category_id
LEFT JOIN {weight} w ON w.site_id = e.site_id AND w.kind = e.kind
LEFT JOIN {choice} i
  ON i.shopper_id = e.shopper_id AND COALESCE(i.category_id, 0) = COALESCE(p.category_id, 0)
WHERE e.shopper_id = %s AND {kinds} AND e.received_at >= %s AND (e.purposes & {bit}) <> 0
AND COALESCE(c.sensitive, {no}) = {no}
ORDER BY e.id DESC LIMIT %s
"""
# Said by what is left out: PostgreSQL would take an equality here for rare, and read everything.
_WANTED = f"COALESCE(i.state, '') NOT IN ('{State.PAUSED}', '{State.REMOVED}')"
_WEIGHTED = "COALESCE(w.weight, CASE WHEN e.kind IN ({codes}) THEN 1 ELSE 0 END) > 0"


def recent_history(*, permit: Permit, limit: int = 50) -> list[HistoryItem]:
    """Return the newest events of a shopper, newest last, in at most one query when warm.

    These are the ``limit`` newest of the kinds that weigh something, and beside them the newest
    `MOST_DISLIKES` hidden products however old. Products of sensitive categories never appear, nor
    does what was done while ``recs.personal`` was refused; nothing does while ``analytics``, which
    the rows are kept for, is. Categories the person paused or removed leave their dislikes alone.

    Args:
        permit: for ``recs.personal``; whoever has none has no history.
        limit: events wanted, dislikes not counted.

    Raises:
        PermissionError: the permit is for another purpose.
    """
    if permit.purpose is not Purpose.RECS_PERSONAL:
        raise PermissionError(f"A permit for {permit.purpose} does not open a history.")
    if Purpose.ANALYTICS not in permit.purposes:
        return []
    since = timezone.now() - timedelta(days=days_of(Purpose.RECS_PERSONAL))
    if live.is_used() and limit <= live.MOST_LIKED:
        return _newest(_kept(permit, limit, since), limit)
    rows = _rows(permit, limit, since)
    return [
        HistoryItem(product_id, host_key, Kind.of_code(code), value, _moment(occurred_at), weight)
        for _, product_id, host_key, code, value, occurred_at, weight, *_ in rows
    ]


def _kept(permit: Permit, limit: int, since: datetime) -> list[Entry]:
    """What Redis keeps, else what the table holds, which is kept from then on."""
    found = live.read(permit=permit, limit=limit)
    if found is not None:
        entries = [*found.liked, *found.hidden]
        # Older events may take the place of what is too old by now: the table knows them.
        if all(entry.may_rank(since) for entry in entries):
            return entries
    begun = live.begin(permit=permit)
    kinds = weighted_kinds(site=permit.site_id) if begun else []
    is_chosen = begun and InterestChoice.objects.filter(shopper=permit.shopper_id).exists()
    rows = _rows(permit, live.MOST_LIKED if begun else limit, since)
    entries = [_entry(row) for row in rows]
    if begun:
        live.fill(
            permit=permit,
            begun=begun,
            kinds=kinds,
            entries=entries,
            is_chosen=bool(is_chosen),
        )
    return entries


def _newest(entries: Iterable[Entry], limit: int) -> list[HistoryItem]:
    """The ``limit`` newest and every dislike, by id."""
    ordered = sorted(entries)
    liked = sum(not entry.is_dislike for entry in ordered)
    items = []
    for entry in ordered:
        if not entry.is_dislike:
            liked -= 1
            if liked >= limit:
                continue
        items.append(entry.to_item())
    return items


def _rows(permit: Permit, limit: int, since: datetime) -> list[Sequence[Any]]:
    connection = connections[router.db_for_read(Event)]
    is_sqlite = connection.vendor == "sqlite"
    key = permit.shopper_id.hex if is_sqlite else permit.shopper_id
    oldest = connection.ops.adapt_datetimefield_value(since)
    with connection.cursor() as cursor:
        cursor.execute(_sql(is_sqlite), [key, oldest, limit, key, oldest, MOST_DISLIKES])
        rows: list[Sequence[Any]] = cursor.fetchall()
    rows.sort(key=lambda row: row[0])
    return rows


def _entry(row: Sequence[Any]) -> Entry:
    key, product_id, host_key, code, value, occurred_at, weight, received_at, purposes = row
    return Entry(
        key if isinstance(key, UUID) else UUID(key),
        product_id,
        host_key,
        Kind.of_code(code),
        value,
        _moment(occurred_at),
        _moment(received_at),
        purposes,
        weight,
    )


def hidden_keys(rows: Iterable[HistoryItem]) -> frozenset[str]:
    """Return the host keys a history asks not to see again."""
    return frozenset(row.host_key for row in rows if row.kind in DISLIKES)


def days_of(purpose: Purpose) -> int:
    """Return how many days after its receipt an event may be used for ``purpose``."""
    return int(recommender_settings.EVENT_RETENTION_DAYS.get(str(purpose), 0))


@cache
def _sql(is_sqlite: bool) -> str:
    weighing = {kind for kind, weight in DEFAULT_WEIGHTS.items() if weight > 0} - DISLIKES
    disliking = f"e.kind IN ({_codes(DISLIKES)})"
    weighed = _WEIGHTED.format(codes=_codes(weighing))
    liked = f"{weighed} AND {_WANTED} AND NOT ({disliking})"
    newest, hidden = (_branch(is_sqlite, kinds) for kinds in (liked, disliking))
    return f"SELECT * FROM ({newest}) a UNION ALL SELECT * FROM ({hidden}) b"  # noqa: S608


def _branch(is_sqlite: bool, kinds: str) -> str:
    return _ROWS.format(
        event=f'"{Event._meta.db_table}"',
        product=f'"{Product._meta.db_table}"',
        category=f'"{Category._meta.db_table}"',
        weight=f'"{KindWeight._meta.db_table}"',
        choice=f'"{InterestChoice._meta.db_table}"',
        kinds=kinds,
        bit=Purpose.RECS_PERSONAL.bit,
        no="0" if is_sqlite else "false",
    )


def _codes(kinds: Iterable[Kind]) -> str:
    return ", ".join(str(kind.code) for kind in sorted(kinds))


def _moment(value: Any) -> datetime:
    """SQLite keeps moments in UTC without saying so, as text or parsed by the driver."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Put rows into the event table, each once; one form for each database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import NotSupportedError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field

from recommender.events.models import Event
from recommender.events.records import EventRow

Key = tuple[UUID, UUID]

_FIELDS: list[Field[Any, Any]] = [
    cast("Field[Any, Any]", Event._meta.get_field(name.removesuffix("_id")))
    for name in EventRow._fields
]
_COLUMNS = [str(field.column) for field in _FIELDS]


def insert_each(connection: BaseDatabaseWrapper, rows: Sequence[EventRow]) -> set[Key]:
    """Insert ``rows`` and return the keys of those that were new."""
    if not rows:
        return set()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_unnested(connection) + " RETURNING shopper_id, id", _arrays(rows))
            return {(shopper_id, event_id) for shopper_id, event_id in cursor.fetchall()}
        sql = _values(connection)
        inserted = set()
        for row in rows:
            cursor.execute(sql, _plain(row))
            if cursor.rowcount == 1:
                inserted.add((row.shopper_id, row.id))
        return inserted


def insert_counted(connection: BaseDatabaseWrapper, rows: Sequence[EventRow]) -> int:
    """Insert ``rows`` and return how many were new; the fast form for thousands."""
    if not rows:
        return 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_unnested(connection), _arrays(rows))
        else:
            cursor.executemany(_values(connection), [_plain(row) for row in rows])
        return int(cursor.rowcount)


def _unnested(connection: BaseDatabaseWrapper) -> str:
    """One array per column: the statement has the same text for any number of rows."""
    arrays = ", ".join(f"%s::{_element_type(field.db_type(connection))}[]" for field in _FIELDS)
    return (
        f"INSERT INTO {_table(connection)} ({', '.join(_COLUMNS)}) "  # noqa: S608 (own names)
        f"SELECT * FROM unnest({arrays}) ON CONFLICT (shopper_id, id) DO NOTHING"
    )


def _arrays(rows: Sequence[EventRow]) -> list[str]:
    """Each column as PostgreSQL writes an array; several times faster than adapting a list."""
    return ["{" + ",".join(map(_element, column)) + "}" for column in zip(*rows, strict=True)]


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _element_type(db_type: str | None) -> str:
    return "text" if db_type is None or db_type.startswith("varchar") else db_type


def _values(connection: BaseDatabaseWrapper) -> str:
    if connection.vendor != "sqlite":
        raise NotSupportedError("Events are stored in PostgreSQL or SQLite.")
    places = ", ".join(["%s"] * len(_COLUMNS))
    return (
        f"INSERT INTO {_table(connection)} ({', '.join(_COLUMNS)}) "  # noqa: S608 (own names)
        f"VALUES ({places}) ON CONFLICT (shopper_id, id) DO NOTHING"
    )


def _plain(row: EventRow) -> tuple[Any, ...]:
    """The row as SQLite keeps it: ids as 32 hexadecimal digits, moments as text in UTC."""
    return (
        row.shopper_id.hex,
        row.id.hex,
        row.site_id,
        row.visit.hex if row.visit else None,
        *row[4:8],
        row.slate.hex if row.slate else None,
        *row[9:14],
        str(row.occurred_at.replace(tzinfo=None)),
        str(row.received_at.replace(tzinfo=None)),
    )


def _table(connection: BaseDatabaseWrapper) -> str:
    return connection.ops.quote_name(Event._meta.db_table)

"""Let the database itself refuse to change the record of accesses, or to delete what is kept.

A row is only added, and only deleted once its site's head says that it is no longer kept; both
ends of a chain only move on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

ACCESS = "attention_consent_access"
HEAD = "attention_consent_accesshead"
_REFUSE = f"{ACCESS}_refuse"
_EXPIRED = f"{ACCESS}_expired"
_KEPT = (
    f"OLD.sequence > COALESCE((SELECT kept_after FROM {HEAD} "  # noqa: S608
    "WHERE site_id = OLD.site_id), 0)"
)
_WENT_BACK = (
    "NEW.site_id <> OLD.site_id OR NEW.sequence < OLD.sequence OR NEW.kept_after < OLD.kept_after "
    "OR NEW.kept_after > NEW.sequence "
    "OR (NEW.sequence = OLD.sequence AND NEW.hash <> OLD.hash) "
    "OR (NEW.kept_after = OLD.kept_after AND NEW.kept_after_hash <> OLD.kept_after_hash)"
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create every guard the database's kind knows, replacing those that are there."""
    drop(connection)
    if connection.vendor == "postgresql":
        for function in _FUNCTIONS:
            _execute(connection, function)
    for name, definition in _guards(connection).items():
        _execute(connection, f"CREATE TRIGGER {name} {definition}")


def drop(connection: BaseDatabaseWrapper) -> None:
    """Remove every guard that is there."""
    if connection.vendor == "postgresql":
        # A table with deferred constraints still to be checked refuses a change of triggers.
        connection.check_constraints()
    for name in _installed(connection):
        table = HEAD if name.startswith(f"{HEAD}_") else ACCESS
        place = f" ON {table}" if connection.vendor == "postgresql" else ""
        _execute(connection, f"DROP TRIGGER {name}{place}")
    if connection.vendor == "postgresql":
        for function in (_REFUSE, _EXPIRED):
            _execute(connection, f"DROP FUNCTION IF EXISTS {function}()")


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the names of the guards that should be there and are not."""
    connection = connections[using]
    return sorted(_guards(connection).keys() - _installed(connection))


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Empty the tables inside this block: one transaction without the guards.

    Only for who empties a whole database. Guards that were not there before are not made.
    """
    connection = connections[using]
    with transaction.atomic(using=using):
        had_guards = bool(_installed(connection))
        if had_guards:
            drop(connection)
        yield
        if had_guards:
            install(connection)


def _guards(connection: BaseDatabaseWrapper) -> dict[str, str]:
    if connection.vendor == "postgresql":
        return _POSTGRESQL
    return _SQLITE if connection.vendor == "sqlite" else {}


def _installed(connection: BaseDatabaseWrapper) -> set[str]:
    known = _guards(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') "
                "AND tgrelid IN (to_regclass(%s), to_regclass(%s))",
                [ACCESS, HEAD],
            )
        elif connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            return set()
        return {str(row[0]) for row in cursor.fetchall()} & known.keys()


def _execute(connection: BaseDatabaseWrapper, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


_RAISE = (
    "RAISE EXCEPTION '% on % is refused: the record of accesses is append-only', TG_OP, "
    "TG_TABLE_NAME USING ERRCODE = 'restrict_violation'"
)
_FUNCTIONS = (
    f"""
CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {_RAISE}; END $$
""",
    f"""
CREATE OR REPLACE FUNCTION {_EXPIRED}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {_KEPT} THEN {_RAISE}; END IF;
    RETURN OLD;
END $$
""",
)
_REFUSED = f"EXECUTE FUNCTION {_REFUSE}()"
_POSTGRESQL = {
    f"{ACCESS}_kept_update": f"BEFORE UPDATE ON {ACCESS} FOR EACH ROW {_REFUSED}",
    f"{ACCESS}_kept_delete": (
        f"BEFORE DELETE ON {ACCESS} FOR EACH ROW EXECUTE FUNCTION {_EXPIRED}()"
    ),
    f"{ACCESS}_whole": f"BEFORE TRUNCATE ON {ACCESS} FOR EACH STATEMENT {_REFUSED}",
    f"{HEAD}_forward": f"BEFORE UPDATE ON {HEAD} FOR EACH ROW WHEN ({_WENT_BACK}) {_REFUSED}",
    f"{HEAD}_kept": f"BEFORE DELETE ON {HEAD} FOR EACH ROW {_REFUSED}",
    f"{HEAD}_whole": f"BEFORE TRUNCATE ON {HEAD} FOR EACH STATEMENT {_REFUSED}",
}


def _refusal(words: str) -> str:
    text = f"{words} is refused: the record of accesses is append-only"
    return f"BEGIN SELECT RAISE(ABORT, '{text}'); END"


# INSERT OR REPLACE deletes the row in its way without firing a trigger for it.
_SQLITE = {
    f"{ACCESS}_kept_update": f"BEFORE UPDATE ON {ACCESS} {_refusal('UPDATE')}",
    f"{ACCESS}_kept_delete": f"BEFORE DELETE ON {ACCESS} WHEN {_KEPT} {_refusal('DELETE')}",
    f"{ACCESS}_kept_replace": (
        f"BEFORE INSERT ON {ACCESS} WHEN EXISTS (SELECT 1 FROM {ACCESS} WHERE id = NEW.id "  # noqa: S608
        f"OR (site_id = NEW.site_id AND sequence = NEW.sequence)) {_refusal('a second row')}"
    ),
    f"{HEAD}_forward": f"BEFORE UPDATE ON {HEAD} WHEN {_WENT_BACK} {_refusal('UPDATE')}",
    f"{HEAD}_kept_delete": f"BEFORE DELETE ON {HEAD} {_refusal('DELETE')}",
    f"{HEAD}_kept_replace": (
        f"BEFORE INSERT ON {HEAD} WHEN EXISTS (SELECT 1 FROM {HEAD} "  # noqa: S608
        f"WHERE site_id = NEW.site_id) {_refusal('a second head')}"
    ),
}

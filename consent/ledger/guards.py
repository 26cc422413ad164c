"""Let the database itself refuse to change or remove what the ledger holds.

Decisions are only added; the head of a chain only moves on. The triggers stop a mistake in any
program that writes to the database. Who may drop triggers can still cheat: that is what the
signed checkpoints outside the database are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

DECISION = "attention_consent_decision"
HEAD = "attention_consent_ledgerhead"
_FUNCTION = "attention_consent_ledger_refuse"
_WENT_BACK = (
    "NEW.site_id <> OLD.site_id OR NEW.sequence < OLD.sequence "
    "OR (NEW.sequence = OLD.sequence AND NEW.hash <> OLD.hash)"
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create every guard the database's kind knows, replacing those that are there."""
    drop(connection)
    if connection.vendor == "postgresql":
        _execute(connection, _POSTGRESQL_FUNCTION)
    for name, definition in _guards(connection).items():
        _execute(connection, f"CREATE TRIGGER {name} {definition}")


def drop(connection: BaseDatabaseWrapper) -> None:
    """Remove every guard that is there."""
    if connection.vendor == "postgresql":
        # A table with deferred constraints still to be checked refuses a change of triggers.
        connection.check_constraints()
        for name in _installed(connection):
            table = DECISION if name.startswith(f"{DECISION}_") else HEAD
            _execute(connection, f"DROP TRIGGER {name} ON {table}")
        _execute(connection, f"DROP FUNCTION IF EXISTS {_FUNCTION}()")
    elif connection.vendor == "sqlite":
        for name in _installed(connection):
            _execute(connection, f"DROP TRIGGER {name}")


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the names of the guards that should be there and are not."""
    connection = connections[using]
    return sorted(_guards(connection).keys() - _installed(connection))


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Empty the tables of the ledger inside this block: one transaction without the guards.

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
    """Return the definition of each guard by its name; none where the kind is not known."""
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
                [DECISION, HEAD],
            )
        elif connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            return set()
        return {str(row[0]) for row in cursor.fetchall()} & known.keys()


def _execute(connection: BaseDatabaseWrapper, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the ledger is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""

_POSTGRESQL = {
    f"{DECISION}_kept": (
        f"BEFORE UPDATE OR DELETE ON {DECISION} FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()"
    ),
    f"{DECISION}_whole": (
        f"BEFORE TRUNCATE ON {DECISION} FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
    ),
    f"{HEAD}_forward": (
        f"BEFORE UPDATE ON {HEAD} FOR EACH ROW WHEN ({_WENT_BACK}) EXECUTE FUNCTION {_FUNCTION}()"
    ),
    f"{HEAD}_kept": f"BEFORE DELETE ON {HEAD} FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()",
    f"{HEAD}_whole": (
        f"BEFORE TRUNCATE ON {HEAD} FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
    ),
}


def _refusal(words: str) -> str:
    return f"BEGIN SELECT RAISE(ABORT, '{words} is refused: the ledger is append-only'); END"


# INSERT OR REPLACE deletes the row in its way without firing a trigger for it.
_SQLITE = {
    f"{DECISION}_kept_update": f"BEFORE UPDATE ON {DECISION} {_refusal('UPDATE')}",
    f"{DECISION}_kept_delete": f"BEFORE DELETE ON {DECISION} {_refusal('DELETE')}",
    f"{DECISION}_kept_replace": (
        f"BEFORE INSERT ON {DECISION} WHEN EXISTS (SELECT 1 FROM {DECISION} WHERE id = NEW.id "  # noqa: S608
        f"OR (site_id = NEW.site_id AND sequence = NEW.sequence)) {_refusal('a second row')}"
    ),
    f"{HEAD}_forward": f"BEFORE UPDATE ON {HEAD} WHEN {_WENT_BACK} {_refusal('UPDATE')}",
    f"{HEAD}_kept_delete": f"BEFORE DELETE ON {HEAD} {_refusal('DELETE')}",
    f"{HEAD}_kept_replace": (
        f"BEFORE INSERT ON {HEAD} WHEN EXISTS (SELECT 1 FROM {HEAD} WHERE site_id = NEW.site_id) "  # noqa: S608
        f"{_refusal('a second head')}"
    ),
}

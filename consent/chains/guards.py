"""Let the database itself refuse to change or remove the rows of a chain, or to set its head back.

The triggers stop a mistake in any program that writes to the database. Who may drop triggers can
still cheat: that is what the signed checkpoints outside the database are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, slots=True)
class Guards:
    """The triggers of one chain.

    ``rows`` and ``head`` are its tables, ``prefix`` begins the names of its functions, ``what`` is
    what a refusal calls it. ``went_back`` is the SQL condition on OLD and NEW under which a head
    may not be changed. ``is_kept`` is the one on OLD under which a row may not be deleted; empty
    where none may be.
    """

    rows: str
    head: str
    prefix: str
    what: str
    went_back: str
    is_kept: str = ""

    def install(self, connection: BaseDatabaseWrapper) -> None:
        """Create every guard the database's kind knows, replacing those that are there."""
        self.drop(connection)
        if connection.vendor == "postgresql":
            for name, body in self._functions().items():
                head = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
                _execute(connection, f"{head} AS $$ {body} $$")
        for name, definition in self.definitions(connection).items():
            _execute(connection, f"CREATE TRIGGER {name} {definition}")

    def drop(self, connection: BaseDatabaseWrapper) -> None:
        """Remove every guard that is there."""
        is_postgresql = connection.vendor == "postgresql"
        if is_postgresql:
            # A table with deferred constraints still to be checked refuses a change of triggers.
            connection.check_constraints()
        for name in self._installed(connection):
            table = self.head if name.startswith(f"{self.head}_") else self.rows
            _execute(connection, f"DROP TRIGGER {name}{f' ON {table}' if is_postgresql else ''}")
        if is_postgresql:
            for name in self._functions():
                _execute(connection, f"DROP FUNCTION IF EXISTS {name}()")

    def missing(self, using: str = DEFAULT_DB_ALIAS) -> list[str]:
        """Return the names of the guards that should be there and are not."""
        connection = connections[using]
        return sorted(self.definitions(connection).keys() - self._installed(connection))

    @contextmanager
    def lifted(self, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
        """Empty the tables of the chain inside this block: one transaction without the guards.

        Only for who empties a whole database. Guards that were not there before are not made.
        """
        connection = connections[using]
        with transaction.atomic(using=using):
            had_guards = bool(self._installed(connection))
            if had_guards:
                self.drop(connection)
            yield
            if had_guards:
                self.install(connection)

    def definitions(self, connection: BaseDatabaseWrapper) -> dict[str, str]:
        """Return the definition of each guard by its name; none where the kind is not known."""
        if connection.vendor == "postgresql":
            return self._postgresql()
        return self._sqlite() if connection.vendor == "sqlite" else {}

    def _installed(self, connection: BaseDatabaseWrapper) -> set[str]:
        known = self.definitions(connection)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') "
                    "AND tgrelid IN (to_regclass(%s), to_regclass(%s))",
                    [self.rows, self.head],
                )
            elif connection.vendor == "sqlite":
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            else:
                return set()
            return {str(row[0]) for row in cursor.fetchall()} & known.keys()

    def _functions(self) -> dict[str, str]:
        """Return the body of each function by its name; PostgreSQL alone has any."""
        refusal = (
            f"RAISE EXCEPTION '% on % is refused: {self.what} is append-only', "
            "TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"
        )
        functions = {f"{self.prefix}_refuse": f"BEGIN {refusal} END"}
        if self.is_kept:
            body = f"BEGIN IF {self.is_kept} THEN {refusal} END IF; RETURN OLD; END"
            functions[f"{self.prefix}_expired"] = body
        return functions

    def _postgresql(self) -> dict[str, str]:
        rows, head = self.rows, self.head
        refused = f"EXECUTE FUNCTION {self.prefix}_refuse()"
        kept = {f"{rows}_kept": f"BEFORE UPDATE OR DELETE ON {rows} FOR EACH ROW {refused}"}
        if self.is_kept:
            expired = f"EXECUTE FUNCTION {self.prefix}_expired()"
            kept = {
                f"{rows}_kept_update": f"BEFORE UPDATE ON {rows} FOR EACH ROW {refused}",
                f"{rows}_kept_delete": f"BEFORE DELETE ON {rows} FOR EACH ROW {expired}",
            }
        return {
            **kept,
            f"{rows}_whole": f"BEFORE TRUNCATE ON {rows} FOR EACH STATEMENT {refused}",
            f"{head}_forward": (
                f"BEFORE UPDATE ON {head} FOR EACH ROW WHEN ({self.went_back}) {refused}"
            ),
            f"{head}_kept": f"BEFORE DELETE ON {head} FOR EACH ROW {refused}",
            f"{head}_whole": f"BEFORE TRUNCATE ON {head} FOR EACH STATEMENT {refused}",
        }

    def _sqlite(self) -> dict[str, str]:
        """Return the guards; INSERT OR REPLACE deletes the row in its way without a DELETE."""
        rows, head = self.rows, self.head
        when_kept = f"WHEN {self.is_kept} " if self.is_kept else ""
        same_row = "id = NEW.id OR (site_id = NEW.site_id AND sequence = NEW.sequence)"
        return {
            f"{rows}_kept_update": f"BEFORE UPDATE ON {rows} {self._abort('UPDATE')}",
            f"{rows}_kept_delete": f"BEFORE DELETE ON {rows} {when_kept}{self._abort('DELETE')}",
            f"{rows}_kept_replace": (
                f"BEFORE INSERT ON {rows} WHEN EXISTS (SELECT 1 FROM {rows} WHERE {same_row}) "  # noqa: S608
                f"{self._abort('a second row')}"
            ),
            f"{head}_forward": f"BEFORE UPDATE ON {head} WHEN {self.went_back} "
            f"{self._abort('UPDATE')}",
            f"{head}_kept_delete": f"BEFORE DELETE ON {head} {self._abort('DELETE')}",
            f"{head}_kept_replace": (
                f"BEFORE INSERT ON {head} WHEN EXISTS (SELECT 1 FROM {head} "  # noqa: S608
                f"WHERE site_id = NEW.site_id) {self._abort('a second head')}"
            ),
        }

    def _abort(self, words: str) -> str:
        text = f"{words} is refused: {self.what} is append-only"
        return f"BEGIN SELECT RAISE(ABORT, '{text}'); END"


def _execute(connection: BaseDatabaseWrapper, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

"""Keep the database itself from changing the texts people decided on."""

from __future__ import annotations

from typing import Any

TABLE = "attention_consent_policyversion"
NAME = "attention_consent_policy_fixed"
MESSAGE = "A published policy version cannot be changed."

_POSTGRESQL = (
    f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$
""",
    f"""
CREATE OR REPLACE TRIGGER {NAME} BEFORE UPDATE ON {TABLE}
FOR EACH ROW EXECUTE FUNCTION {NAME}()
""",
)
_SQLITE = (
    f"""
CREATE TRIGGER IF NOT EXISTS {NAME} BEFORE UPDATE ON {TABLE}
BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
""",
)


def install(connection: Any) -> None:
    """Refuse every UPDATE of a policy version.

    Deleting is left to the model, which refuses it, and to the protected keys that point here:
    a host's ``flush`` empties the table. A migration that alters the table on SQLite makes it
    anew and calls this again.
    """
    statements = {"postgresql": _POSTGRESQL, "sqlite": _SQLITE}.get(connection.vendor, ())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop(connection: Any) -> None:
    """Allow updates again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP TRIGGER IF EXISTS {NAME} ON {TABLE}")
            cursor.execute(f"DROP FUNCTION IF EXISTS {NAME}()")
        elif connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER IF EXISTS {NAME}")

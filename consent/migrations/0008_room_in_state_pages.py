from __future__ import annotations

from typing import Any

from django.db import migrations

TABLE = "attention_consent_consentstate"


def leave_room(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} SET (fillfactor = 50)")


def fill_up(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} RESET (fillfactor)")


class Migration(migrations.Migration):
    """Half of each page of state rows stays free on PostgreSQL.

    A material text changes every row at once. Where the new row fits into the page of the old
    one, no index is written, and the rows are locked for about a quarter of the time. Pages that
    are full stay as they are until ``VACUUM FULL``.
    """

    dependencies = [
        ("attention_consent", "0007_staff_access_and_retention"),
    ]

    operations = [
        migrations.RunPython(leave_room, fill_up, hints={"model_name": "consentstate"}),
    ]

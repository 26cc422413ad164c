from __future__ import annotations

from typing import Any

from django.db import migrations

from consent.ledger import guards


def install(apps: Any, schema_editor: Any) -> None:
    guards.install(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    guards.drop(schema_editor.connection)


class Migration(migrations.Migration):
    """The guards of the ledger. A later migration that alters a table of it installs them anew."""

    dependencies = [
        ("attention_consent", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(install, drop, hints={"model_name": "decision"}),
    ]

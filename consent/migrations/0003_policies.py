from __future__ import annotations

from typing import Any

from django.db import migrations, models

from consent.policies import guard


def install(apps: Any, schema_editor: Any) -> None:
    guard.install(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    guard.drop(schema_editor.connection)


class Migration(migrations.Migration):
    """Suspension by a material change, and confirmations against Global Privacy Control."""

    dependencies = [
        ("attention_consent", "0002_ledger_guards"),
    ]

    operations = [
        migrations.AddField(
            model_name="consentstate",
            name="suspended",
            field=models.BigIntegerField(default=0, verbose_name="suspended purposes"),
        ),
        migrations.AddField(
            model_name="consentstate",
            name="suspended_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="suspended at"),
        ),
        migrations.AddField(
            model_name="consentstate",
            name="confirmed",
            field=models.BigIntegerField(default=0, verbose_name="confirmed against the signal"),
        ),
        migrations.AddField(
            model_name="consentstate",
            name="seen_policy",
            field=models.PositiveIntegerField(
                default=0, verbose_name="news put away up to version"
            ),
        ),
        migrations.RunPython(install, drop, hints={"model_name": "policyversion"}),
    ]

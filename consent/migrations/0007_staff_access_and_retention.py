from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from consent.staff import guards


def install(apps: Any, schema_editor: Any) -> None:
    guards.install(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    guards.drop(schema_editor.connection)


class Migration(migrations.Migration):
    """The record of accesses with its guards, and what retention deleted.

    A later migration that alters a table of the record installs the guards anew.
    """

    dependencies = [
        ("attention_consent", "0006_erasure_proofs"),
        ("sites", "0002_alter_domain_unique"),
    ]

    operations = [
        migrations.CreateModel(
            name="Access",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("format", models.PositiveSmallIntegerField(verbose_name="format")),
                ("site_id", models.PositiveIntegerField(verbose_name="site")),
                ("sequence", models.PositiveBigIntegerField(verbose_name="sequence")),
                ("previous_hash", models.CharField(max_length=64, verbose_name="previous hash")),
                ("kid", models.CharField(max_length=16, verbose_name="master key")),
                (
                    "subject",
                    models.CharField(db_index=True, max_length=64, verbose_name="subject"),
                ),
                ("staff", models.CharField(db_index=True, max_length=64, verbose_name="staff")),
                ("role", models.CharField(max_length=150, verbose_name="role")),
                ("fields", models.JSONField(default=list, verbose_name="opened")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("accessed_at", models.DateTimeField(db_index=True, verbose_name="time")),
                ("hash", models.CharField(max_length=64, verbose_name="hash")),
            ],
            options={
                "verbose_name": "access to personal data",
                "verbose_name_plural": "accesses to personal data",
                "ordering": ["site_id", "-sequence"],
                "permissions": [
                    ("view_personal_data", "Can open personal data, giving a reason")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("site_id", "sequence"), name="consent_access_chain"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessHead",
            fields=[
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="sites.site",
                        verbose_name="site",
                    ),
                ),
                ("sequence", models.PositiveBigIntegerField(default=0, verbose_name="sequence")),
                (
                    "hash",
                    models.CharField(default="0" * 64, max_length=64, verbose_name="hash"),
                ),
                (
                    "kept_after",
                    models.PositiveBigIntegerField(default=0, verbose_name="deleted up to"),
                ),
                (
                    "kept_after_hash",
                    models.CharField(
                        default="0" * 64, max_length=64, verbose_name="hash deleted last"
                    ),
                ),
            ],
            options={
                "verbose_name": "head of the accesses",
                "verbose_name_plural": "heads of the accesses",
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(max_length=80, verbose_name="rule")),
                ("day", models.DateField(verbose_name="day")),
                ("runs", models.PositiveIntegerField(default=0, verbose_name="runs")),
                ("rows", models.PositiveBigIntegerField(default=0, verbose_name="rows deleted")),
                ("last_run_at", models.DateTimeField(verbose_name="last run")),
                ("error", models.CharField(blank=True, max_length=80, verbose_name="error")),
            ],
            options={
                "verbose_name": "retention",
                "verbose_name_plural": "retention",
                "ordering": ["-day", "label"],
                "constraints": [
                    models.UniqueConstraint(fields=("label", "day"), name="consent_retentionrun")
                ],
            },
        ),
        migrations.RunPython(install, drop, hints={"model_name": "access"}),
    ]

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A deletion counts what it deletes and ends with a signed proof."""

    dependencies = [
        ("attention_consent", "0005_requests"),
        ("sites", "0002_alter_domain_unique"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="decision",
            field=models.PositiveBigIntegerField(blank=True, null=True, verbose_name="decision"),
        ),
        migrations.AddField(
            model_name="erasure",
            name="counts",
            field=models.JSONField(blank=True, default=list, verbose_name="counts"),
        ),
        # Deletions from before have no proof: only new rows are given an id.
        migrations.AddField(
            model_name="erasure",
            name="proof",
            field=models.UUIDField(
                db_index=True, editable=False, null=True, verbose_name="proof"
            ),
        ),
        migrations.AlterField(
            model_name="erasure",
            name="proof",
            field=models.UUIDField(
                db_index=True,
                default=uuid.uuid4,
                editable=False,
                null=True,
                verbose_name="proof",
            ),
        ),
        migrations.CreateModel(
            name="Proof",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                        verbose_name="id",
                    ),
                ),
                ("document", models.TextField(verbose_name="document")),
                ("kid", models.CharField(max_length=16, verbose_name="master key")),
                ("algorithm", models.CharField(max_length=16, verbose_name="algorithm")),
                ("signature", models.CharField(max_length=128, verbose_name="signature")),
                ("created_at", models.DateTimeField(db_index=True, verbose_name="created at")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sites.site",
                        verbose_name="site",
                    ),
                ),
            ],
            options={
                "verbose_name": "proof of a deletion",
                "verbose_name_plural": "proofs of deletions",
                "ordering": ["-created_at"],
            },
        ),
    ]

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A deletion may hand on what an account accepted from a browser."""

    dependencies = [
        ("attention_consent", "0003_policies"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="heir",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="attention_consent.shopper",
                verbose_name="heir",
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="heir_purposes",
            field=models.BigIntegerField(default=0, verbose_name="purposes both allowed"),
        ),
        migrations.AddField(
            model_name="erasure",
            name="rows_moved",
            field=models.PositiveBigIntegerField(default=0, verbose_name="rows moved"),
        ),
    ]

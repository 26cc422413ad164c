from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """New categories are compared with the word list once; those known already count as compared."""

    dependencies = [
        ("attention_recommender", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="category",
            name="was_compared",
            field=models.BooleanField(
                default=True, editable=False, verbose_name="compared with the word list"
            ),
        ),
        migrations.AlterField(
            model_name="category",
            name="was_compared",
            field=models.BooleanField(
                default=False, editable=False, verbose_name="compared with the word list"
            ),
        ),
        migrations.AlterField(
            model_name="category",
            name="is_flagged_here",
            field=models.BooleanField(
                default=False,
                help_text="Products of this category and of those below it never enter anybody's history, training, reasons, ads or mail. A new category is flagged when its name holds a word of the list; after that, synchronizing the catalog does not change this.",
                verbose_name="flagged here",
            ),
        ),
    ]

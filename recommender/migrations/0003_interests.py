import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("attention_consent", "0001_initial"),
        ("attention_recommender", "0002_category_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="InterestChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("used", "used"), ("paused", "paused"), ("removed", "removed")],
                        default="used",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("weight", models.FloatField(default=1.0, verbose_name="weight")),
                ("changed_at", models.DateTimeField(verbose_name="changed at")),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="attention_recommender.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "shopper",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="attention_consent.shopper",
                        verbose_name="shopper",
                    ),
                ),
            ],
            options={
                "verbose_name": "correction of an interest",
                "verbose_name_plural": "corrections of interests",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "removed")),
                        fields=["id"],
                        name="recommender_interest_removed",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("shopper"),
                        django.db.models.functions.comparison.Coalesce("category", 0),
                        name="recommender_interest_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weight__gte", 0.5), ("weight__lte", 2.0)),
                        name="recommender_interest_weight",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["used", "paused", "removed"])),
                        name="recommender_interest_state",
                    ),
                ],
            },
        ),
    ]

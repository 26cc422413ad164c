import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What a model learned from is remembered as long as the model is."""

    dependencies = [
        ("attention_recommender", "0003_interests"),
        ("sites", "0002_alter_domain_unique"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lesson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cut", models.DateTimeField()),
                ("events_digest", models.CharField(max_length=64)),
                ("consent_digest", models.CharField(max_length=64)),
                ("people", models.PositiveIntegerField()),
                (
                    "kid",
                    models.CharField(
                        help_text="Master key its marks were made with.", max_length=16
                    ),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the first of its people withdrew or was erased.",
                        null=True,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="attention_recommender.lesson",
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="lesson",
                        to="attention_recommender.trainingrun",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sites.site",
                    ),
                ),
            ],
            options={
                "verbose_name": "what a model learned from",
                "verbose_name_plural": "what models learned from",
                "ordering": ["-cut"],
            },
        ),
        migrations.AddField(
            model_name="modelversion",
            name="lesson",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="attention_recommender.lesson",
            ),
        ),
    ]

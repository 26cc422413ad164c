from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import consent.rights.models


class Migration(migrations.Migration):
    """The requests people make, with their deadlines."""

    dependencies = [
        ("sites", "0002_alter_domain_unique"),
        ("attention_consent", "0004_erasure_heir"),
    ]

    operations = [
        migrations.CreateModel(
            name="DataRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(default=consent.rights.models.make_reference, editable=False, max_length=14, unique=True, verbose_name="reference")),
                ("door", models.CharField(choices=[("account", "account"), ("browser", "this browser's key"), ("guest", "order mail")], max_length=8, verbose_name="door")),
                ("kind", models.CharField(choices=[("access", "see what is held"), ("export", "take a copy"), ("correct", "correct"), ("restrict", "keep, but do not use"), ("object", "stop using"), ("erase", "stop and delete")], max_length=8, verbose_name="kind")),
                ("state", models.CharField(choices=[("received", "received"), ("verified", "identity verified"), ("running", "running"), ("done", "done"), ("refused", "refused")], max_length=8, verbose_name="state")),
                ("subject", models.CharField(blank=True, db_index=True, max_length=64, verbose_name="subject")),
                ("language", models.CharField(blank=True, max_length=16, verbose_name="language")),
                ("mail", models.EmailField(blank=True, max_length=254, verbose_name="mail")),
                ("detail", models.TextField(blank=True, max_length=2000, verbose_name="what the person wrote")),
                ("received_at", models.DateTimeField(verbose_name="received at")),
                ("due_at", models.DateTimeField(verbose_name="due at")),
                ("is_extended", models.BooleanField(default=False, verbose_name="deadline extended")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("reminded_at", models.DateTimeField(blank=True, null=True, verbose_name="reminded at")),
                ("completed_at", models.DateTimeField(blank=True, null=True, verbose_name="completed at")),
                ("outcome", models.JSONField(blank=True, default=dict, verbose_name="outcome: counts")),
                ("owed", models.CharField(blank=True, choices=[("link", "link to prove the address"), ("nothing", "nothing is held"), ("received", "received"), ("reminder", "before the deadline"), ("extended", "deadline extended"), ("done", "done"), ("refused", "refused")], max_length=8, verbose_name="mail to send")),
                ("owed_at", models.DateTimeField(blank=True, null=True, verbose_name="to send from")),
                ("erasure", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="attention_consent.erasure", verbose_name="deletion")),
                ("shopper", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="attention_consent.shopper", verbose_name="shopper")),
                ("site", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sites.site", verbose_name="site")),
            ],
            options={
                "verbose_name": "request of a person",
                "verbose_name_plural": "requests of people",
                "ordering": ["-received_at", "-pk"],
                "permissions": [("answer_datarequest", "Can answer requests of people")],
                "indexes": [
                    models.Index(condition=models.Q(("state__in", ["received", "verified", "running"])), fields=["due_at"], name="consent_request_due"),
                    models.Index(condition=models.Q(("owed_at__isnull", False)), fields=["owed_at"], name="consent_request_owed"),
                ],
            },
        ),
    ]

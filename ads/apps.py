"""Sponsored products: the floor above the recommender. Not installed yet."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AdsConfig(AppConfig):
    """Holds the floor's place and label."""

    name = "ads"
    label = "attention_ads"
    verbose_name = _("Sponsored products")
    default_auto_field = "django.db.models.BigAutoField"

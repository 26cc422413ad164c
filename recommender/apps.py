"""The recommender floor: catalog, events, model, slates."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecommenderConfig(AppConfig):
    """Registers checks, holdings and receivers once the models are ready."""

    name = "recommender"
    label = "attention_recommender"
    verbose_name = _("Recommendations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent import minors
        from recommender import checks, holdings, retention
        from recommender.catalog.adapter import ask_age
        from recommender.events import receivers as events_receivers
        from recommender.interests import holding, section
        from recommender.serving import receivers

        checks.connect(self)
        holdings.connect(self)
        retention.connect()
        minors.register(ask_age)
        holding.connect()
        section.connect()
        events_receivers.connect(self)
        receivers.connect(self)

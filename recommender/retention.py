"""What this floor keeps for how long, for the table and the job of consent."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from consent.purposes import Purpose
from consent.retention.rules import Rule, register_rule
from recommender.conf import recommender_settings
from recommender.events import retention


def connect() -> None:
    """Register the rules of this floor."""
    register_rule(
        Rule(
            label="attention_recommender.events",
            title=_("Events of people"),
            models=("attention_recommender.Event",),
            purpose=Purpose.ANALYTICS,
            setting="EVENT_RETENTION_DAYS",
            days=lambda: dict(recommender_settings.EVENT_RETENTION_DAYS),
            counted_from=_("their receipt"),
            sweep=lambda now: retention.apply_retention(now=now).rows,
        )
    )
    register_rule(
        Rule(
            label="attention_recommender.refusal_counts",
            title=_("Hourly counts of refused events"),
            models=("attention_recommender.RefusalCount",),
            purpose=None,
            setting="COUNT_RETENTION_DAYS",
            days=lambda: recommender_settings.COUNT_RETENTION_DAYS,
            counted_from=_("their hour"),
            sweep=lambda now: retention.delete_counts(now=now),
        )
    )

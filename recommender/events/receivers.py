"""What follows in this part of the floor when somebody withdraws, or weights are edited."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save

from consent.signals import consent_withdrawn
from recommender.catalog import keeping
from recommender.events.live_history import store as live
from recommender.events.models import KindWeight


def connect(config: AppConfig) -> None:
    """Connect the receivers, once the models are ready."""
    consent_withdrawn.connect(_withdrawn, dispatch_uid="attention_recommender.events")
    for signal in (post_save, post_delete):
        signal.connect(_weighed, sender=KindWeight, dispatch_uid="attention_recommender.weights")


def _withdrawn(*, shopper_id: UUID, generation: int, **kwargs: Any) -> None:
    live.forget_generation(shopper_id=shopper_id, generation=generation)


def _weighed(*, instance: KindWeight, **kwargs: Any) -> None:
    keeping.renew(site_id=instance.site_id)

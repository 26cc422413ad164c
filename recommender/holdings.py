"""What the recommender holds of a person, for consent to show and erase."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consent import holdings
from consent.purposes import Purpose
from recommender.conf import recommender_settings
from recommender.events import retention, selectors
from recommender.events.kinds import Kind


def connect(config: AppConfig) -> None:
    """Register the events, and say why the other models need no holding."""
    holdings.register(
        holdings.Holding(
            label="attention_recommender.events",
            title=_("What you did in this shop"),
            models=("attention_recommender.Event", "attention_recommender.ShopperEvents"),
            purpose=Purpose.ANALYTICS,
            retention=format_lazy(_("{days} days after it was recorded"), days=_LongestDays()),
            count=_count,
            export=_export,
            erase=_erase,
        )
    )
    holdings.declare(
        "attention_recommender.MerchantMember",
        reason="Who acts for a merchant: a role the merchant gives, deleted with the account.",
    )
    holdings.declare(
        "attention_recommender.TrainingRun",
        reason="Which member of staff asked for a run; emptied with the account.",
    )


class _LongestDays:
    """The setting at the moment it is shown."""

    def __str__(self) -> str:
        return str(max(recommender_settings.EVENT_RETENTION_DAYS.values(), default=0))


def _count(shopper_id: UUID) -> int:
    return selectors.count_events(shopper_id=shopper_id)


def _export(shopper_id: UUID) -> Iterator[dict[str, Any]]:
    for event in selectors.events_of(shopper_id=shopper_id).iterator(chunk_size=1000):
        yield {
            "id": str(event.id),
            "kind": str(Kind.of_code(event.kind)),
            "occurred_at": event.occurred_at,
            "received_at": event.received_at,
            "visit": str(event.visit) if event.visit else None,
            "product": event.product.host_key if event.product else None,
            "product_title": event.product.title if event.product else None,
            "category": event.category.host_key if event.category else None,
            "placement": event.placement or None,
            "slate": str(event.slate) if event.slate else None,
            "position": event.position,
            "value": event.value,
            "price_micros": event.price_micros,
            "decision": event.consent_seq,
        }


def _erase(shopper_id: UUID, limit: int | None) -> int:
    return retention.delete_events(shopper_id=shopper_id, limit=limit)

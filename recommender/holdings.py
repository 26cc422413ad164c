"""What the recommender holds of a person, for consent to show and erase."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consent import holdings
from consent.erasure.selectors import asked_at
from consent.purposes import Purpose
from recommender.conf import recommender_settings
from recommender.events import retention, selectors
from recommender.events.kinds import Kind
from recommender.events.move import move_events
from recommender.training import lineage

FIELDS = {
    "id": _("number of the event, made where it happened"),
    "kind": _("what you did: view, dwell, search, click, cart_add, order, ..."),
    "occurred_at": _("when you did it"),
    "received_at": _("when the shop recorded it"),
    "visit": _("which events belong to one visit"),
    "product": _("product number"),
    "product_title": _("name of the product"),
    "category": _("category you were in"),
    "placement": _("place on the page where you saw it"),
    "slate": _("which list of recommendations it came from"),
    "position": _("place in that list, from 0"),
    "value": _("milliseconds, pieces or stars, by kind"),
    "price_micros": _("price in millionths of the currency"),
    "decision": _("your decision in the ledger that allowed it"),
}
"""What each exported field of an event means."""


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
            move=move_events,
            correct="attention_recommender:interests",
            source=_("You did it here, while you allowed it."),
            schema=FIELDS,
        )
    )
    holdings.register(
        holdings.Holding(
            label="attention_recommender.lessons",
            title=_("Models that learned from what you did"),
            models=(),
            purpose=Purpose.MODEL_TRAIN,
            retention=_(
                "Once you withdraw, replaced by a model that never saw it, within a day where "
                "that is cheap; taken down after 30 days at the latest."
            ),
            count=lambda shopper_id: len(lineage.versions_of(shopper_id=shopper_id)),
            export=_export_versions,
            erase=_start_deadlines,
            derived=_versions,
            source=_("Computed from what you did here, while you allowed it."),
            stores=("files",),
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
    _start_deadlines(shopper_id, limit)
    return retention.delete_events(shopper_id=shopper_id, limit=limit)


def _start_deadlines(shopper_id: UUID, limit: int | None) -> int:
    """Nothing of a person can be taken out of a model: start the deadlines of theirs instead."""
    if (moment := asked_at(shopper_id=shopper_id)) is not None:
        lineage.withdraw_from(shopper_id=shopper_id, at=moment)
    return 0


def _export_versions(shopper_id: UUID) -> Iterator[dict[str, Any]]:
    for version in lineage.versions_of(shopper_id=shopper_id):
        yield {
            "version": version.version,
            "learned_until": version.cut,
            "state": version.state,
            "taken_down_by": lineage.deadline_of(version),
        }


def _versions(shopper_id: UUID) -> Iterator[holdings.Derived]:
    for version in lineage.versions_of(shopper_id=shopper_id):
        yield holdings.Derived(
            label=version._meta.label,
            id=str(version.pk),
            hash=version.version,
            deadline=lineage.deadline_of(version),
            title=version._meta.verbose_name,
        )

"""Tell what the requests themselves hold of a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from consent.holdings import Holding, register
from consent.purposes import Purpose
from consent.retention.rules import Rule, days_kept, register_rule
from consent.rights.follow_up import delete_answered
from consent.rights.models import DataRequest


def register_requests() -> None:
    """Register the requests and how long they are kept, in ``AppConfig.ready``.

    They are no longer linked to a shopper who is deleted; what a person wrote and where the
    answer goes is emptied with the answer.
    """
    register(
        Holding(
            label="requests",
            title=_("What you asked this shop for"),
            models=("attention_consent.DataRequest",),
            purpose=Purpose.NECESSARY,
            retention=_(
                "Kept as proof that you were answered. Your words and your address go with the "
                "answer."
            ),
            count=lambda shopper_id: DataRequest.objects.filter(shopper=shopper_id).count(),
            export=_export,
            erase=lambda shopper_id, limit: 0,
            is_register=True,
            source=_("You asked."),
            schema={
                "reference": _("the name of the request"),
                "kind": _("the right you used"),
                "door": _("how you were identified"),
                "state": _("where it stands"),
                "received_at": _("when it arrived"),
                "due_at": _("by when it is answered"),
                "completed_at": _("when it was answered"),
                "detail": _("what you wrote, until it is answered"),
                "reason": _("why it was refused or takes longer"),
                "outcome": _("how many rows of each kind it concerned"),
            },
        )
    )
    register_rule(
        Rule(
            label="requests",
            title=_("Requests of people"),
            models=("attention_consent.DataRequest",),
            purpose=Purpose.NECESSARY,
            setting="RETENTION_DAYS",
            days=lambda: days_kept("requests"),
            counted_from=_("the answer"),
            sweep=lambda now: delete_answered(before=now - timedelta(days=days_kept("requests"))),
        )
    )


def _export(shopper_id: UUID) -> Iterator[dict[str, Any]]:
    for asked in DataRequest.objects.filter(shopper=shopper_id):
        yield {
            "reference": asked.reference,
            "kind": asked.kind,
            "door": asked.door,
            "state": asked.state,
            "received_at": asked.received_at,
            "due_at": asked.due_at,
            "completed_at": asked.completed_at,
            "detail": asked.detail,
            "reason": asked.reason,
            "outcome": asked.outcome,
        }

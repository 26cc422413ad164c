"""Tell what this floor itself holds of a shopper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from consent.erasure.models import Erasure
from consent.holdings import Holding, declare, register
from consent.ledger.append import subjects_of
from consent.ledger.models import Decision
from consent.people.models import ConsentState, Shopper
from consent.purposes import Purpose


def register_own() -> None:
    """Register the holdings of this floor, and what Django's own apps keep of accounts."""
    register(
        Holding(
            label="shopper",
            title=_("Your key and your current choice"),
            models=("attention_consent.Shopper", "attention_consent.ConsentState"),
            purpose=Purpose.NECESSARY,
            retention=_("Until you turn recommendations off, or your key expires."),
            count=lambda shopper_id: Shopper.objects.filter(pk=shopper_id).count(),
            export=_export_shopper,
            erase=_erase_shopper,
            is_register=True,
            source=_("Made at random when you chose."),
            schema={
                "key": _("the random key this browser or account is known by"),
                "created_at": _("when it was made"),
                "linked_to_account": _("whether an account uses it"),
                "purposes": _("what you allow now"),
                "decided_at": _("when you decided last"),
                "policy": _("version and language of the text you decided on"),
            },
        )
    )
    register(
        Holding(
            label="decisions",
            title=_("The record of your choices"),
            models=("attention_consent.Decision",),
            purpose=Purpose.NECESSARY,
            retention=_(
                "Kept as proof. It names you only by a code that leads nowhere once your key is "
                "deleted."
            ),
            count=lambda shopper_id: _decisions(shopper_id).count(),
            export=_export_decisions,
            erase=lambda shopper_id, limit: 0,
            kept_by_law=_(
                "Who processes by consent must be able to show it (GDPR, Article 7(1)). Without "
                "your key the record leads to nobody."
            ),
            is_register=True,
            source=_("Your choices."),
            schema={
                "sequence": _("place in the shop's ledger"),
                "kind": _("what kind of decision it was"),
                "purposes": _("what you allowed after it"),
                "policy": _("hash of the text you saw"),
                "language": _("language of the text"),
                "source": _("where you chose"),
                "gpc": _("whether your browser sent Global Privacy Control"),
                "recorded_at": _("when"),
                "hash": _("hash that chains it to the decision before"),
            },
        )
    )
    register(
        Holding(
            label="erasures",
            title=_("Deletions you asked for"),
            models=("attention_consent.Erasure",),
            purpose=Purpose.NECESSARY,
            retention=_("Linked to you until the deletion is finished."),
            count=lambda shopper_id: Erasure.objects.filter(shopper=shopper_id).count(),
            export=_export_erasures,
            erase=lambda shopper_id, limit: 0,
            is_register=True,
            source=_("You asked."),
        )
    )
    declare("admin.LogEntry", reason="What staff did in the admin.")


def _export_shopper(shopper_id: UUID) -> Iterator[dict[str, Any]]:
    states = ConsentState.objects.filter(pk=shopper_id).select_related("shopper", "policy")
    for state in states:
        yield {
            "key": str(shopper_id),
            "created_at": state.shopper.created_at,
            "linked_to_account": state.shopper.user_id is not None,
            "purposes": sorted(state.granted),
            "decided_at": state.decided_at,
            "policy": str(state.policy) if state.policy else None,
        }


def _erase_shopper(shopper_id: UUID, limit: int | None) -> int:
    return Shopper.objects.filter(pk=shopper_id).delete()[0]


def _decisions(shopper_id: UUID) -> Any:
    return Decision.objects.filter(subject__in=subjects_of(shopper_id))


def _export_decisions(shopper_id: UUID) -> Iterator[dict[str, Any]]:
    for row in _decisions(shopper_id).order_by("site_id", "sequence"):
        yield {
            "sequence": row.sequence,
            "kind": row.kind,
            "purposes": row.purposes.split(),
            "policy": row.policy,
            "language": row.language,
            "source": row.source,
            "gpc": row.gpc,
            "recorded_at": row.recorded_at,
            "hash": row.hash,
        }


def _export_erasures(shopper_id: UUID) -> Iterator[dict[str, Any]]:
    for erasure in Erasure.objects.filter(shopper=shopper_id):
        yield {
            "requested_at": erasure.requested_at,
            "finished_at": erasure.finished_at,
            "rows": erasure.rows,
            "rows_moved": erasure.rows_moved,
        }

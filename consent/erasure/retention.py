"""How long proofs and tombstones are kept."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from consent.conf import consent_settings
from consent.erasure.models import Proof
from consent.erasure.tombstones import clear_tombstones
from consent.retention.own import delete_rows
from consent.retention.rules import Rule, days_kept, register_rule


def register_own() -> None:
    """Register the rules of what a deletion leaves behind."""
    register_rule(
        Rule(
            label="proofs",
            title=_("Signed proofs of deletions"),
            models=("attention_consent.Proof",),
            purpose=None,
            setting="RETENTION_DAYS",
            days=lambda: days_kept("proofs"),
            counted_from=_("the end of the deletion"),
            sweep=lambda now: delete_rows(
                Proof.objects.filter(created_at__lt=now - timedelta(days=days_kept("proofs")))
            ),
        )
    )
    register_rule(
        Rule(
            label="tombstones",
            title=_("Tombstones of deletions, outside the database"),
            models=(),
            purpose=None,
            setting="BACKUP_DAYS",
            days=lambda: consent_settings.BACKUP_DAYS,
            counted_from=_("the withdrawal"),
            sweep=lambda now: clear_tombstones(),
        )
    )

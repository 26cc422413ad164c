"""Delete what has been kept long enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from consent.conf import consent_settings
from consent.decisions import Circumstances, close
from consent.ledger.models import Kind
from consent.people.models import ChoiceCount, ConsentState
from consent.purposes import Purpose

BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """How many people were closed for erasure, and how many hourly counts deleted."""

    shoppers: int
    counts: int


def apply_retention() -> Swept:
    """Close people whose browser key has expired and delete old counts.

    An account still reaches its shopper and an imported one is governed by its importer: both
    stay. What is closed becomes unreadable at once and is deleted as a due erasure.
    """
    now = timezone.now()
    expired = ConsentState.objects.filter(
        decided_at__lt=now - timedelta(days=consent_settings.KEY_DAYS + 1),
        shopper__user__isnull=True,
        shopper__is_imported=False,
        purposes__gt=0,
    ).order_by("decided_at")
    how = Circumstances(actor="system", source="retention")
    closed = 0
    for shopper_id in list(expired.values_list("pk", flat=True)[:BATCH]):
        closed += bool(
            close(shopper_id=shopper_id, purposes=frozenset(Purpose), how=how, kind=Kind.ERASED)
        )
    old = ChoiceCount.objects.filter(hour__lt=now - timedelta(days=consent_settings.COUNT_DAYS))
    return Swept(closed, old.delete()[0])

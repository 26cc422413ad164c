"""Count choices per hour, without a trace of who chose."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from consent.people.models import ChoiceCount


def count_choice(*, site_id: int, choice: str) -> None:
    """Add one to the count of ``choice`` in this hour."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    counts = ChoiceCount.objects.filter(site_id=site_id, hour=hour, choice=choice)
    if counts.update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            ChoiceCount.objects.create(site_id=site_id, hour=hour, choice=choice, count=1)
    except IntegrityError:
        counts.update(count=F("count") + 1)

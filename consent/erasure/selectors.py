"""What the floors above may ask of a deletion that is going on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Min

from consent.erasure.models import Erasure


def asked_at(*, shopper_id: UUID) -> datetime | None:
    """Return when the first deletion that is due of a shopper was asked for; None without one."""
    due = Erasure.objects.filter(shopper=shopper_id, finished_at__isnull=True)
    moment: datetime | None = due.aggregate(at=Min("requested_at"))["at"]
    return moment

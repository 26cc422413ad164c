"""Count the months the law gives for an answer."""

from __future__ import annotations

import calendar
from datetime import datetime

MONTHS = 1
EXTENSION_MONTHS = 2
"""What an extension adds; it needs a reason, and the person hears of it in time."""


def after_months(moment: datetime, months: int) -> datetime:
    """Return the same day and time ``months`` later, or the last day of a shorter month."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)

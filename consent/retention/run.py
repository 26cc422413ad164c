"""Delete what has been kept long enough, rule by rule, and count it."""

from __future__ import annotations

import logging

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from consent.retention.models import RetentionRun
from consent.retention.rules import Rule, all_rules

logger = logging.getLogger(__name__)


def apply_retention() -> dict[str, int]:
    """Run every rule; return how many rows each deleted.

    A rule that fails is logged, noted, and holds up no other one.
    """
    return {rule.label: _apply(rule) for rule in all_rules()}


def _apply(rule: Rule) -> int:
    rows, error = 0, ""
    try:
        rows = rule.sweep(timezone.now())
    except Exception as failure:
        logger.exception("Retention of %s stopped; it goes on with the next run.", rule.label)
        error = type(failure).__name__
    _note(rule.label, rows, error)
    return rows


def _note(label: str, rows: int, error: str) -> None:
    """Add a run to the counts of its day."""
    now = timezone.now()
    today = RetentionRun.objects.filter(label=label, day=now.date())
    more = {"runs": F("runs") + 1, "rows": F("rows") + rows, "last_run_at": now, "error": error}
    if today.update(**more):
        return
    try:
        with transaction.atomic():
            RetentionRun.objects.create(
                label=label, day=now.date(), runs=1, rows=rows, last_run_at=now, error=error
            )
    except IntegrityError:
        today.update(**more)

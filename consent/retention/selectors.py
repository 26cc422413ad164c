"""Show the table of retention: every rule with its period and what it last deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Sum

from consent.retention.models import RetentionRun
from consent.retention.rules import Rule, all_rules


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of the table. ``deleted`` counts the last 30 days."""

    rule: Rule
    period: str
    deleted: int
    last_run_at: datetime | None


def retention_table(*, now: datetime) -> list[Kept]:
    """Return every rule, lower floors first."""
    since = (now - timedelta(days=30)).date()
    runs = RetentionRun.objects.filter(day__gte=since).order_by()
    sums: dict[str, tuple[int, datetime]] = {
        label: (rows, at)
        for label, rows, at in runs.values_list("label").annotate(Sum("rows"), Max("last_run_at"))
    }
    never = (0, None)
    return [Kept(rule, period_of(rule), *sums.get(rule.label, never)) for rule in all_rules()]


def period_of(rule: Rule) -> str:
    """Return the days of a rule, by purpose where they differ."""
    days = rule.days()
    if isinstance(days, int):
        return str(days)
    return ", ".join(f"{purpose}: {each}" for purpose, each in sorted(days.items()))

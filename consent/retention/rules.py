"""Register what is kept for how long, so that one table shows it and one job keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.conf import consent_settings
from consent.purposes import Purpose

DEFAULT_DAYS = {
    "choice_counts": 400,
    "accesses": 1095,
    "proofs": 1095,
    "requests": 1095,
    "retention_runs": 400,
}
"""Days of the rules of this floor that ``RETENTION_DAYS`` may change."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long rows of ``models`` are kept, and who deletes them.

    ``purpose`` is why they are kept; None for numbers that lead to nobody. ``days`` reads the
    period from ``setting``; for rows kept for several purposes it gives each its own.
    ``counted_from`` tells when a period begins. ``sweep`` deletes what is too old at a moment, in
    small transactions, and returns how many rows; stopping or repeating it does no harm.
    """

    label: str
    title: Any
    models: tuple[str, ...]
    purpose: Purpose | None
    setting: str
    days: Callable[[], int | dict[str, int]]
    counted_from: Any
    sweep: Callable[[datetime], int]


_rules: dict[str, Rule] = {}


def register_rule(rule: Rule) -> None:
    """Add a rule, in ``AppConfig.ready``. A label registered twice is replaced."""
    _rules[rule.label] = rule


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, lower floors first."""
    return tuple(_rules.values())


def days_kept(label: str) -> int:
    """Return the days of a rule of this floor: the host's, else the default."""
    return int({**DEFAULT_DAYS, **consent_settings.RETENTION_DAYS}[label])

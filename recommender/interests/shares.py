"""How much of a person's attention each subject has: A(u, t), computed on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from recommender.events.kinds import Kind
from recommender.events.totals import Total

K = TypeVar("K")

DWELL_MS_OF_A_VIEW = 30_000
"""So many milliseconds on a page weigh as much as a kind of weight 1."""


def mass(total: Total, weights: Mapping[Kind, float]) -> float:
    """Return what events of one kind weigh together: their kind's weight, and time spent."""
    dwelt = total.dwell_ms / DWELL_MS_OF_A_VIEW if total.kind is Kind.DWELL else 0.0
    return total.events * weights.get(total.kind, 0.0) + dwelt


def shares(masses: Mapping[K, float], factors: Mapping[K, float]) -> dict[K, float]:
    """Return the share of each subject: not negative, 1 together; all 0 where nothing counts.

    Args:
        masses: what the events of each subject weigh; not negative.
        factors: what the person makes of them; 1 where absent, 0 for what must not count.
    """
    counted = {key: value * factors.get(key, 1.0) for key, value in masses.items()}
    whole = sum(counted.values())
    return {key: value / whole if whole > 0 else 0.0 for key, value in counted.items()}


def masses_of(totals: Iterable[Total], weights: Mapping[Kind, float]) -> dict[int | None, float]:
    """Return what the events of each category weigh together; categories of no mass are absent."""
    found: dict[int | None, float] = {}
    for total in totals:
        if (weight := mass(total, weights)) > 0:
            found[total.category_id] = found.get(total.category_id, 0.0) + weight
    return found

"""A(u, t): not negative, 1 together, whatever a person makes of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events.kinds import DEFAULT_WEIGHTS, Kind
from recommender.events.totals import Total
from recommender.interests.shares import mass, masses_of, shares

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MASSES = st.dictionaries(st.integers(0, 20), st.floats(0, 1e6))
FACTORS = st.dictionaries(st.integers(0, 20), st.sampled_from([0.0, 0.5, 1.0, 2.0]))


@given(MASSES, FACTORS)
def test_shares_are_not_negative_and_sum_to_one(
    masses: dict[int, float], factors: dict[int, float]
) -> None:
    found = shares(masses, factors)

    assert found.keys() == masses.keys()
    assert all(0 <= share <= 1 for share in found.values())
    counts = any(masses[key] * factors.get(key, 1.0) > 0 for key in masses)
    assert sum(found.values()) == (pytest.approx(1.0) if counts else 0.0)
    assert all(share == 0 for key, share in found.items() if factors.get(key) == 0.0)


def test_less_halves_and_more_doubles_what_is_compared() -> None:
    assert shares({"a": 3.0, "b": 3.0}, {}) == {"a": 0.5, "b": 0.5}
    assert shares({"a": 3.0, "b": 3.0}, {"a": 2.0, "b": 0.5}) == {"a": 0.8, "b": 0.2}


def test_time_spent_weighs_beside_what_was_done() -> None:
    # Given an order of weight 5, a view, and a minute and a half on the page
    totals = [
        Total(1, Kind.ORDER, 1, 0, NOW),
        Total(1, Kind.VIEW, 1, 0, NOW),
        Total(1, Kind.DWELL, 2, 90_000, NOW),
        Total(2, Kind.IMPRESSION, 40, 0, NOW),
    ]

    # Then thirty seconds are worth a view, and what was merely shown is no interest
    assert [mass(total, DEFAULT_WEIGHTS) for total in totals] == [5.0, 1.0, 3.0, 0.0]
    assert masses_of(totals, DEFAULT_WEIGHTS) == {1: 9.0}

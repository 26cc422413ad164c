"""Merging events of one interest."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.serving.history import condense


def merged(items: list[int], times: list[int], window: float) -> list[int]:
    weights = np.ones(len(items), dtype=np.float32)
    return condense(np.array(items), np.array(times), weights, window=window).kept.tolist()


def test_events_within_the_window_join_the_first() -> None:
    assert merged([1, 2, 1, 1, 1], [0, 5, 8, 16, 40], 10) == [0, 1, 4]


def test_no_window_merges_nothing() -> None:
    assert merged([1, 1, 1], [0, 0, 0], 0) == [0, 1, 2]


def test_the_heaviest_weight_and_the_last_time_are_kept() -> None:
    found = condense(
        np.array([3, 3, 4]), np.array([0, 4, 5]), np.array([1, 9, 2], np.float32), window=10
    )
    assert found.weights.tolist() == [9.0, 2.0]
    assert found.last_times.tolist() == [4.0, 5.0]


def test_shoppers_are_kept_apart() -> None:
    found = condense(
        np.array([1, 1]),
        np.array([0, 1]),
        np.ones(2, np.float32),
        window=10,
        sequences=np.array([0, 1]),
    )
    assert found.kept.tolist() == [0, 1]


@given(
    events=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=25),
    window=st.integers(1, 12),
)
def test_merging_equals_a_loop(events: list[tuple[int, int]], window: int) -> None:
    items = [item for item, _ in events]
    times = np.cumsum([gap for _, gap in events]).astype(int).tolist()
    last: dict[int, int] = {}
    kept = []
    for place, (item, moment) in enumerate(zip(items, times, strict=True)):
        if item not in last or moment - last[item] > window:
            kept.append(place)
        last[item] = moment
    assert merged(items, times, window) == kept

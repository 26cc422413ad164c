"""Merging events of one interest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events.kinds import Kind
from recommender.serving.history import (
    DWELL_CODE,
    LONGEST_DWELL_SECONDS,
    condense,
    dwell_seconds,
    read_history,
)
from tests.recommender.synthetic import DAY, meta


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


def test_the_heaviest_kind_and_all_seconds_are_kept() -> None:
    # given product 3 viewed, dwelt on, ordered and ordered again, with product 4 in between
    found = condense(
        np.array([3, 3, 4, 3, 3]),
        np.array([0, 1, 2, 3, 4]),
        np.array([1, 0.5, 1, 5, 5], np.float32),
        window=10,
        kinds=np.array([3, 4, 6, 15, 9]),
        dwell=np.array([0, 2.5, 0, 0, 4], np.float32),
    )
    assert found.kept.tolist() == [0, 2]
    assert found.kinds is not None
    assert found.kinds.tolist() == [15, 6]
    assert found.dwell is not None
    assert found.dwell.tolist() == [6.5, 0.0]


def test_only_dwell_lasts_and_no_longer_than_a_reader_stays() -> None:
    kinds = np.array([4, 4, 4, 3, 15])
    values = np.array([1500, 6 * 60 * 60 * 1000, -5, 1500, 2])
    assert dwell_seconds(kinds, values).tolist() == [1.5, LONGEST_DWELL_SECONDS, 0.0, 0.0, 0.0]
    assert Kind.DWELL.code == DWELL_CODE


def test_a_history_tells_kinds_and_dwell_to_models_that_read_them() -> None:
    asking = meta(inputs=("product", "kind", "dwell"), kinds=10, fresh_window=float(DAY))
    plain = meta(fresh_window=float(DAY))
    items, ages, codes, stays = [0, 0, 1], [50.0, 40.0, 30.0], [3, 9, 15], [0.0, 7.0, 2.0]
    found = read_history(asking, items, ages, [1.0, 4.0, 5.0], kinds=codes, dwell=stays)
    assert found.items.tolist() == [0, 1]
    assert found.kinds is not None
    assert found.kinds.tolist() == [9, 0]  # 15 is a kind that the model does not know
    assert found.dwell is not None
    assert found.dwell.tolist() == [7.0, 2.0]
    unread = read_history(plain, items, ages, None, kinds=codes, dwell=stays)
    assert (unread.kinds, unread.dwell) == (None, None)
    unknown = read_history(asking, items, ages, None)
    assert unknown.kinds is not None
    assert unknown.kinds.tolist() == [0, 0]
    with pytest.raises(ValueError, match="same length"):
        read_history(asking, items, ages, None, kinds=[3])


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

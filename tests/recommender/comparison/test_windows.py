"""Windows: every event is read and asked for once, padding never."""

from __future__ import annotations

import numpy as np

from recommender.comparison.windows import newest_windows, training_windows
from tests.recommender.synthetic import sequences


def test_long_sequences_are_cut_where_windows_share_one_event() -> None:
    windows = training_windows(sequences([[5, 6, 7, 8, 9], [1], [2, 3]], n=10), history=3)
    assert windows.items.tolist() == [[5, 6, 7, 8], [8, 9, 0, 0], [2, 3, 0, 0]]
    assert windows.lengths.tolist() == [4, 2, 2]
    assert windows.weights.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]]


def test_the_newest_events_are_read_and_empty_histories_stay() -> None:
    windows = newest_windows(sequences([[5, 6, 7], [], [2]], n=10), history=2)
    assert windows.items.tolist() == [[6, 7], [0, 0], [2, 0]]
    assert windows.lengths.tolist() == [2, 0, 1]


def test_batches_hold_every_window_once_and_no_longer_padding_than_needed() -> None:
    # given 90 windows of 2 to 4 events
    rows = [[item] * (2 + item % 3) for item in range(90)]
    windows = training_windows(sequences(rows, n=90), history=5)
    # when they are dealt in tens
    batches = list(windows.batches(10, np.random.default_rng(0)))
    # then each comes once, and a batch is as wide as its longest window
    assert sorted(int(row[0]) for batch in batches for row in batch.items) == list(range(90))
    assert [batch.items.shape[1] for batch in batches] == [b.lengths.max() for b in batches]
    assert sum(batch.items.shape[1] == 2 for batch in batches) == 3

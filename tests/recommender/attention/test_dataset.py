"""Windows and batches cut from flat arrays."""

from __future__ import annotations

import numpy as np

from recommender.attention.dataset import SequenceDataset, last_windows
from tests.recommender.synthetic import sequences


def dataset(rows: list[list[int]], *, history: int) -> SequenceDataset:
    built = sequences(rows, n=100, step=10)
    return SequenceDataset(
        offsets=built.offsets,
        items=built.items,
        times=built.times,
        weights=built.weights,
        history=history,
    )


def test_every_event_but_the_first_is_a_target_exactly_once() -> None:
    rows = [list(range(8)), [20], [], list(range(30, 33)), list(range(50, 61))]
    data = dataset(rows, history=3)
    assert data.targets == 7 + 0 + 2 + 10
    seen = []
    for batch in data.batches(4, np.random.default_rng(0)):
        seen += batch.targets[batch.real].tolist()
    assert sorted(seen) == sorted(item for row in rows for item in row[1:])


def test_a_batch_reads_the_items_before_its_targets() -> None:
    (batch,) = dataset([[5, 6, 7], [8, 9]], history=10).batches(10, np.random.default_rng(0))
    rows = sorted(zip(batch.items.tolist(), batch.targets.tolist(), strict=True), reverse=True)
    assert batch.real.sum().item() == 3
    assert rows[1][0] == [5, 6]
    assert rows[1][1] == [6, 7]
    assert rows[0][0][0] == 8
    assert rows[0][1][0] == 9
    assert batch.weights[~batch.real].tolist() == [0.0]


def test_ages_count_back_from_the_last_event_that_is_read() -> None:
    (batch,) = dataset([[1, 2, 3, 4]], history=10).batches(1, np.random.default_rng(0))
    assert batch.ages.tolist() == [[20.0, 10.0, 0.0]]


def test_an_epoch_is_repeatable_and_can_be_resumed() -> None:
    data = dataset([[i, i + 1, i + 2] for i in range(40)], history=5)
    whole = [b.items.tolist() for b in data.batches(4, np.random.default_rng(5))]
    rest = [b.items.tolist() for b in data.batches(4, np.random.default_rng(5), skip=6)]
    assert len(whole) == 10
    assert rest == whole[6:]


def test_last_windows_keep_the_newest_events() -> None:
    built = sequences([[1, 2, 3, 4], [9]], n=10, step=10)
    items, ages, lengths = last_windows(
        offsets=built.offsets,
        items=built.items,
        times=built.times,
        rows=np.array([0, 1]),
        history=3,
    )
    assert items.tolist() == [[2, 3, 4], [9, 9, 9]]
    assert ages[0].tolist() == [20.0, 10.0, 0.0]
    assert lengths.tolist() == [3, 1]

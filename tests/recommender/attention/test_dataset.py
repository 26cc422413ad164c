"""Windows and batches cut from flat arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from recommender.attention.cloze import hide
from recommender.attention.config import NetworkConfig
from recommender.attention.dataset import SequenceDataset, last_windows
from tests.recommender.synthetic import sequences

ROWS = [list(range(8)), [20], [], list(range(30, 33)), list(range(50, 61))]


def dataset(rows: list[list[int]], *, history: int, **changes: Any) -> SequenceDataset:
    config = replace(NetworkConfig(n=100, history=history), **changes)
    return SequenceDataset(sequences(rows, n=100, step=10), config)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_every_event_but_the_first_is_a_target_exactly_once() -> None:
    data = dataset(ROWS, history=3)
    assert data.targets == 7 + 0 + 2 + 10
    for samples in ("positions", "prefixes"):
        seen = []
        for batch in data.batches(4, chance(), samples=samples):
            seen += batch.targets[batch.real].tolist()
        assert sorted(seen) == sorted(item for row in ROWS for item in row[1:])
    assert data.count("prefixes") == 19
    assert data.count("positions") == len(data) == 3 + 1 + 4


def test_a_prefix_is_full_of_what_came_before_its_target() -> None:
    found = {}
    for batch in dataset([[1, 2, 3, 4, 5], [7, 8]], history=3).batches(
        2, chance(), samples="prefixes"
    ):
        lengths = batch.events.lengths.tolist()
        for row, length in enumerate(lengths):
            assert batch.real[row].nonzero().flatten().tolist() == [length - 1]
            target = int(batch.targets[row, length - 1])
            found[target] = batch.events.items[row, :length].tolist()
            assert batch.weights[row].tolist() == batch.real[row].float().tolist()
    assert found == {2: [1], 3: [1, 2], 4: [1, 2, 3], 5: [2, 3, 4], 8: [7]}


def test_a_batch_reads_the_items_before_its_targets() -> None:
    (batch,) = dataset([[5, 6, 7], [8, 9]], history=10).batches(10, chance())
    items = batch.events.items.tolist()
    rows = sorted(zip(items, batch.targets.tolist(), strict=True), reverse=True)
    assert batch.real.sum().item() == 3
    assert rows[1][0] == [5, 6]
    assert rows[1][1] == [6, 7]
    assert rows[0][0][0] == 8
    assert rows[0][1][0] == 9
    assert batch.weights[~batch.real].tolist() == [0.0]


def test_ages_count_back_from_the_last_event_that_is_read() -> None:
    (batch,) = dataset([[1, 2, 3, 4]], history=10).batches(1, chance())
    assert batch.events.ages.tolist() == [[20.0, 10.0, 0.0]]


def test_kinds_and_dwell_are_read_where_the_network_asks_for_them() -> None:
    built = replace(
        sequences([[1, 2, 3]], n=100),
        kinds=np.array([3, 19, 15], dtype=np.uint8),
        dwell=np.array([1.5, 0.0, 7.0], dtype=np.float32),
    )
    plain, asking = NetworkConfig(n=100), NetworkConfig(n=100, kinds=16, dwell=True)
    (batch,) = SequenceDataset(built, plain).batches(1, chance())
    assert batch.events.kinds is None
    assert batch.events.dwell is None
    (batch,) = SequenceDataset(built, asking).batches(1, chance())
    # a code that the network does not know is 0
    assert batch.events.kinds is not None
    assert batch.events.kinds.tolist() == [[3, 0]]
    assert batch.events.dwell is not None
    assert batch.events.dwell.tolist() == [[1.5, 0.0]]
    # and where the data has neither, both are 0
    (batch,) = dataset([[1, 2, 3]], history=5, kinds=16, dwell=True).batches(1, chance())
    assert batch.events.kinds is not None
    assert batch.events.kinds.tolist() == [[0, 0]]


def test_an_epoch_is_repeatable_and_can_be_resumed() -> None:
    data = dataset([[i, i + 1, i + 2] for i in range(40)], history=5)
    for samples, count in (("positions", 10), ("prefixes", 20)):
        every = data.batches(4, chance(5), samples=samples)
        whole = [batch.events.items.tolist() for batch in every]
        others = data.batches(4, chance(5), skip=6, samples=samples)
        rest = [batch.events.items.tolist() for batch in others]
        assert len(whole) == count
        assert rest == whole[6:]


def test_companions_are_other_histories_that_led_to_the_same_item() -> None:
    # given item 9 as the last event of three shoppers, and 4 as that of one
    data = dataset([[1, 2, 9], [3, 9], [5, 6, 7, 9], [8, 4]], history=2)
    (batch,) = data.batches(9, chance())
    batch = replace(batch, ends=torch.tensor([2, 4, 8, 10]))
    seen = [set[tuple[int, ...]]() for _ in range(4)]
    for seed in range(40):
        events = data.companions(batch, chance(seed))
        for row, length in enumerate(events.lengths.tolist()):
            seen[row].add(tuple(events.items[row, :length].tolist()))
    # then each row meets the others, no longer than the longest row of the batch
    assert seen[0] == {(3,), (6, 7)}
    assert seen[1] == {(1, 2), (6, 7)}
    assert seen[2] == {(1, 2), (3,)}
    # where there is no other, it is the same
    assert seen[3] == {(8,)}


def test_the_newest_event_is_always_hidden_with_what_was_done_then() -> None:
    data = dataset([[1, 2, 3, 4], [5, 6]], history=5, kinds=20, dwell=True)
    (batch,) = data.batches(2, chance())
    hidden = hide(batch, mask=100, share=0.0, generator=chance())
    rows = {tuple(row): i for i, row in enumerate(hidden.events.items.tolist())}
    row = rows[(1, 2, 3, 100)]
    assert hidden.events.lengths[row].item() == 4
    assert hidden.real[row].tolist() == [False, False, False, True]
    assert hidden.targets[row, 3].item() == 4
    # its time is that of the event before it
    assert hidden.events.ages[row].tolist() == [20.0, 10.0, 0.0, 0.0]
    other = 1 - row
    assert hidden.events.items[other, :2].tolist() == [5, 100]
    assert hidden.real[other].tolist() == [False, True, False, False]


def test_a_share_of_the_other_events_is_hidden_in_half_of_the_rows() -> None:
    data = dataset([[i, i + 1, i + 2, i + 3, i + 4] for i in range(60)] * 100, history=8)
    (batch,) = data.batches(6000, chance())
    hidden = hide(batch, mask=100, share=0.4, generator=chance(3))
    assert torch.equal(hidden.events.items == 100, hidden.real)
    assert not hidden.real[:, 0].any()
    assert hidden.real[:, -1].all()
    inner = hidden.real[:, 1:-1].float()
    assert abs(inner.mean().item() - 0.5 * 0.4) < 0.02
    alone = (inner.sum(1) == 0).float().mean().item()
    assert abs(alone - (0.5 + 0.5 * 0.6**3)) < 0.02
    # what is hidden is what has to be found
    assert torch.equal(hidden.targets[:, 1:], batch.targets)


def test_last_windows_keep_the_newest_events() -> None:
    built = sequences([[1, 2, 3, 4], [9]], n=10, step=10)
    events = last_windows(built, NetworkConfig(n=10, history=3), np.array([0, 1]))
    assert events.items.tolist() == [[2, 3, 4], [9, 9, 9]]
    assert events.ages[0].tolist() == [20.0, 10.0, 0.0]
    assert events.lengths.tolist() == [3, 1]

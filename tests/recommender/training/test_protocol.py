"""Leave-one-out, merged events and the repeat rate, by small examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recommender.training.arrays import write_manifest
from recommender.training.protocol import leave_one_out, prepare, repeat_rate
from tests.recommender.synthetic import DAY, manifest, sequences


def test_the_last_is_test_and_the_last_but_one_is_validation(tmp_path: Path) -> None:
    split = leave_one_out(prepare(manifest(tmp_path, [[0, 1, 2, 3], [4, 5]], n=6)))
    # a shopper with two events trains and is not evaluated
    assert split.train.items.tolist() == [0, 1, 4, 5]
    assert split.validation.targets.tolist() == [2]
    assert split.validation.histories.items.tolist() == [0, 1]
    assert split.test.targets.tolist() == [3]
    assert split.test.histories.items.tolist() == [0, 1, 2]
    assert split.test.moments.tolist() == [3]
    assert split.everything.items.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_share_of_the_shoppers_is_held_out_evenly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.training.protocol.FEWEST_HELD_OUT", 2)
    rows = [[0, 1, shopper] for shopper in range(2, 8)]
    prepared = prepare(manifest(tmp_path, rows, n=8))

    half = leave_one_out(prepared, held_out=0.5)
    few = leave_one_out(prepared, held_out=0.01)

    assert half.test.targets.tolist() == [2, 4, 6]
    assert half.train.lengths.tolist() == [1, 3, 1, 3, 1, 3]
    assert few.test.targets.tolist() == [2, 5]


def test_events_of_one_interest_are_one_event(tmp_path: Path) -> None:
    # given a view and an order of product 1 within the hour, and product 1 again a week later
    written = write_manifest(
        tmp_path,
        site=1,
        cut="",
        consent_digest="",
        products=[10, 11, 12],
        offsets=[0, 5],
        items=[1, 0, 1, 2, 1],
        times=[0, 60, 3600, 7200, 7 * DAY],
        kinds=[1, 1, 2, 9, 1],
        kind_weights={1: 1.0, 2: 5.0, 9: 0.0},
    )
    prepared = prepare(written)
    # then the order joins the view, and the kind of weight 0 is left out
    assert prepared.events.items.tolist() == [1, 0, 1]
    assert prepared.events.weights.tolist() == [5.0, 1.0, 1.0]
    assert prepared.events.last_times.tolist() == [3600.0, 60.0, 7 * DAY]
    assert prepared.raw.items.tolist() == [1, 0, 1, 1]


def test_a_case_knows_nothing_that_happened_after_its_moment(tmp_path: Path) -> None:
    # given product 1 touched before and after the target, product 2
    rows = [[1, 0, 2, 1]]
    split = leave_one_out(prepare(manifest(tmp_path, rows, n=3, step=60, timed=True)))
    test = split.test
    assert test.targets.tolist() == [2]
    assert test.histories.items.tolist() == [1, 0]
    assert test.raw.items.tolist() == [1, 0]
    assert test.histories.last_times.tolist() == [0.0, 60.0]


def test_withheld_are_seen_or_fresh_products(tmp_path: Path) -> None:
    rows = [[0, 1, 2, 3]]
    test = leave_one_out(prepare(manifest(tmp_path, rows, n=4, step=DAY * 3 // 4, timed=True))).test
    seen = test.withheld(seen_filter=True, fresh_window=DAY)
    fresh = test.withheld(seen_filter=False, fresh_window=DAY)
    nothing = test.withheld(seen_filter=False, fresh_window=0)
    assert sorted(seen.col.tolist()) == [0, 1, 2]
    assert fresh.col.tolist() == [2]
    assert nothing.nnz == 0


def test_a_sample_is_repeatable_and_in_order(tmp_path: Path) -> None:
    rows = [[i, i + 1, i + 2] for i in range(30)]
    test = leave_one_out(prepare(manifest(tmp_path, rows, n=40))).test
    sample = test.sample(10, seed=3)
    assert len(sample) == 10
    assert (np.diff(sample.targets) > 0).all()
    assert sample.targets.tolist() == test.sample(10, seed=3).targets.tolist()
    assert test.sample(99, seed=3) is test


@pytest.mark.parametrize(
    ("rows", "rate"),
    [([[0, 1, 2]], 0.0), ([[0, 0, 1]], 0.5), ([[0, 0, 0], [1]], 1.0), ([[0]], 0.0), ([], 0.0)],
)
def test_the_repeat_rate(rows: list[list[int]], rate: float) -> None:
    assert repeat_rate(sequences(rows, n=3)) == rate

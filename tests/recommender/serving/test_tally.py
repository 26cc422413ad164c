"""Scores of a few products among many."""

from __future__ import annotations

import numpy as np

from recommender.serving.tally import Tally, tally


def made() -> Tally:
    first = (np.array([7, 2]), np.array([1.0, 0.5], dtype=np.float32))
    second = (np.array([2, 9]), np.array([0.25, 0.25], dtype=np.float32))
    return tally([first[0], second[0]], [first[1], second[1]])


def test_scores_of_one_item_are_added() -> None:
    assert made().items.tolist() == [2, 7, 9]
    assert made().scores.tolist() == [0.75, 1.0, 0.25]


def test_barred_items_leave_and_no_share_stays_with_them() -> None:
    rest = made().without(np.array([7, 100]))
    assert rest.items.tolist() == [2, 9]
    assert rest.odds(np.array([2, 7, 9, 5])).tolist() == [0.75, 0.0, 0.25, 0.0]


def test_the_best_are_the_largest_above_zero() -> None:
    assert set(made().best(2).tolist()) == {2, 7}
    nothing = Tally(np.array([1, 2]), np.array([0.0, 0.0], dtype=np.float32))
    assert nothing.best(5).tolist() == []


def test_an_empty_tally_gives_everybody_nothing() -> None:
    empty = tally([], [])
    assert empty.best(3).tolist() == []
    assert empty.odds(np.array([0, 1])).tolist() == [0.0, 0.0]
    assert empty.without(np.array([1])).items.tolist() == []

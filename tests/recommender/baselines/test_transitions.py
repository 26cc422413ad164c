"""Transition counts against sums made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recommender.baselines.transitions import (
    Transitions,
    TransitionSettings,
    count_pairs,
    keep_largest,
)
from tests.recommender.synthetic import cycles, sequences


def test_pairs_are_counted_by_distance_and_direction() -> None:
    # given one shopper who went 0, 1, 2
    events = sequences([[0, 1, 2]], n=3)
    # when pairs up to distance 2 count, backward ones at 0.5
    counted = count_pairs(events, window=2, backward=0.5).toarray()
    # then a neighbor is worth 1, the next one 1/2, and backward half of that
    expected = [[0, 1, 0.5], [0.5, 0, 1], [0.25, 0.5, 0]]
    np.testing.assert_allclose(counted, expected)


def test_pairs_do_not_cross_shoppers_and_skip_the_diagonal() -> None:
    counted = count_pairs(sequences([[0, 0], [1, 2]], n=3), window=5, backward=0.0).toarray()
    np.testing.assert_allclose(counted, [[0, 0, 0], [0, 0, 1], [0, 0, 0]])


def test_a_pair_is_worth_the_weight_of_the_event_it_leads_to() -> None:
    events = sequences([[0, 1]], n=2)
    events.weights[:] = [2.0, 5.0]
    counted = count_pairs(events, window=1, backward=1.0).toarray()
    np.testing.assert_allclose(counted, [[0, 5], [2, 0]])


def test_rows_and_columns_are_scaled_by_frequency() -> None:
    # given item 0 twice and item 1 twice
    events = sequences([[0, 1], [0, 1]], n=2)
    settings = TransitionSettings(window=1, backward=0.0, row_power=0.5, column_power=1.0)
    fitted = Transitions.fit(events, settings)
    # then 2 pairs / sqrt(2) / 2
    assert fitted.matrix[0, 1] == pytest.approx(2 / np.sqrt(2) / 2)


def test_histories_are_followed_from_the_newest_event_with_decay() -> None:
    settings = TransitionSettings(
        window=1, backward=0.0, row_power=0.0, column_power=0.0, decay=0.5, history=2
    )
    fitted = Transitions.fit(sequences([[0, 3], [1, 4], [2, 5]], n=6), settings)
    # given a history 0, 1, 2 of which two are followed
    scores = fitted.score(sequences([[0, 1, 2]], n=6))
    np.testing.assert_allclose(scores, [[0, 0, 0, 0, 0.5, 1.0]])


def test_the_largest_entries_of_a_row_are_kept() -> None:
    matrix = sparse.csr_matrix(np.array([[3.0, 1, 2], [0, 0, 1]], dtype=np.float32))
    np.testing.assert_allclose(keep_largest(matrix, 2).toarray(), [[3, 0, 2], [0, 0, 1]])


def test_a_circle_is_answered_rightly() -> None:
    fitted = Transitions.fit(sequences(cycles(50, n=12, length=6), n=12))
    best = fitted.score(sequences([[0, 1, 2], [5, 6, 7]], n=12)).argmax(axis=1)
    assert best.tolist() == [3, 8]


@pytest.mark.parametrize("rows", [[], [[0]], [[], []]])
def test_too_little_data_scores_zero(rows: list[list[int]]) -> None:
    fitted = Transitions.fit(sequences(rows, n=3))
    assert fitted.matrix.nnz == 0
    assert fitted.score(sequences([[1]], n=3)).tolist() == [[0.0, 0.0, 0.0]]

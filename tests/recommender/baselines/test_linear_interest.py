"""The linear state of interest: its recursion, its fit, its depth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from recommender.baselines.linear_interest import LinearInterest, deepen, typical_dwell
from tests.recommender.synthetic import checkerboard, cycles, habits, sequences


def by_hand(**changes: object) -> LinearInterest:
    """Return a state over three products; the neighbor of 0 is 1, at 0.5."""
    near = sparse.csr_matrix(np.array([[0, 0.5, 0], [0, 0, 0], [0, 0, 0]], dtype=np.float32))
    content: dict[str, object] = {
        "a": 0.2,
        "b": 0.5,
        "c": 2.0,
        "own": 0.75,
        "typical_dwell": 1.0,
        "popularity": np.array([0.5, 0.3, 0.2], dtype=np.float32),
        "near": near,
    }
    return LinearInterest(**{**content, **changes})  # type: ignore[arg-type]


def test_the_score_is_the_recursion_written_out() -> None:
    # given I = a + b I + c F with a state at rest, and visits to 0, 2, 0
    model = by_hand()
    theta = 0.75 * np.eye(3) + 0.25 * model.near.toarray()
    interest = 0.2 * model.popularity / (1 - 0.5)
    for item in (0, 2, 0):
        interest = 0.2 * model.popularity + 0.5 * interest + 2.0 * (np.eye(3)[item] @ theta)
    # then scoring the history gives the state after its last event
    np.testing.assert_allclose(model.score(sequences([[0, 2, 0]], n=3))[0], interest, rtol=1e-6)


def test_who_did_nothing_has_the_interest_at_rest() -> None:
    scores = by_hand().score(sequences([[]], n=3))
    np.testing.assert_allclose(scores, [[0.2, 0.12, 0.08]], rtol=1e-6)


def test_a_visit_feeds_the_product_where_shoppers_come_back_and_neighbors_where_they_do_not() -> (
    None
):
    # given shoppers who repeat their own favorites, and shoppers who never repeat
    back = LinearInterest.fit(sequences(habits(300, n=40, length=20), n=40))
    on = LinearInterest.fit(sequences(checkerboard(300, n=40, length=10), n=40))
    # then the first keep interest in the product and for long, the second pass it on entirely
    assert back.own > 0.9
    assert back.b >= 0.9
    assert on.own == pytest.approx(0.0, abs=1e-9)
    assert on.c > 0


def test_fading_is_total_where_only_the_newest_event_tells_what_follows() -> None:
    # given a circle that everybody walks, so that the neighbors of the newest event say all
    model = LinearInterest.fit(sequences(cycles(200, n=30, length=6), n=30), neighbors=2)
    assert model.b == 0.0
    scores = model.score(sequences([[3, 4, 5]], n=30))[0]
    assert sorted(np.argsort(-scores)[:2].tolist()) == [4, 6]


def test_a_longer_look_is_deeper() -> None:
    # given dwell on two of three events
    history = replace(
        sequences([[0, 1, 2]], n=3), dwell=np.array([3.0, 15.0, 0.0], dtype=np.float32)
    )
    # when a look of three seconds is typical
    weights = deepen(history, typical=3.0).weights
    # then log(16) / log(4) is twice as deep, and what was not measured counts as typical
    np.testing.assert_allclose(weights, [1.0, 2.0, 1.0], rtol=1e-6)
    assert typical_dwell(history) == 9.0


def test_without_dwell_every_visit_has_depth_one() -> None:
    history = sequences([[0, 1]], n=2)
    assert typical_dwell(history) == 1.0
    assert deepen(history, typical=5.0) is history

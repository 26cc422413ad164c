"""Factors: what they reconstruct, and how a new history is folded in."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.comparison.als import ALS, ALSSettings
from tests.recommender.synthetic import checkerboard, sequences

SETTINGS = ALSSettings(factors=4, regularization=0.1, alpha=10.0)


def test_a_history_that_was_not_trained_on_gets_a_vector_and_its_color() -> None:
    # given shoppers who stay on one color of a board of 20 items, and two factors
    settings = ALSSettings(factors=2, regularization=0.1, alpha=10.0)
    model = ALS.fit(sequences(checkerboard(400, n=20, length=8), n=20), settings)
    # when somebody new with two even items is scored
    scores = model.score(sequences([[0, 4]], n=20))[0]
    # then all ten even items stand above all odd ones
    assert sorted(np.argsort(-scores)[:10].tolist()) == list(range(0, 20, 2))


def test_the_vector_of_a_history_solves_the_normal_equations() -> None:
    # given factors Y, and confidence alpha in the items of a history
    model = ALS.fit(sequences(checkerboard(50, n=6, length=2), n=6), SETTINGS)
    factors = model.model.item_factors.astype(np.float64)
    confidence = np.where(np.isin(np.arange(6), [1, 3]), 10.0, 1.0)
    wanted = np.isin(np.arange(6), [1, 3]).astype(float)
    left = factors.T @ (confidence[:, None] * factors) + 0.1 * np.eye(4)
    vector = np.linalg.solve(left, factors.T @ (confidence * wanted))
    # then the score is that of the x which minimizes the weighted squares
    scores = model.score(sequences([[1, 3]], n=6))[0]
    np.testing.assert_allclose(scores, np.maximum(factors @ vector, 0), rtol=1e-3, atol=1e-4)


def test_who_did_nothing_scores_zero() -> None:
    model = ALS.fit(sequences(checkerboard(50, n=6, length=2), n=6), SETTINGS)
    assert model.score(sequences([[]], n=6)).tolist() == [[0.0] * 6]


def test_another_seed_begins_elsewhere() -> None:
    events = sequences(checkerboard(50, n=6, length=2), n=6)
    once = ALSSettings(factors=4, iterations=1)
    first, second = (ALS.fit(events, once, seed=seed).model.item_factors for seed in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(("cpu_seconds", "rounds"), [(0.0, 1), (1000.0, 3)])
def test_no_round_begins_after_the_budget(
    cpu_seconds: float, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a count of the rounds
    seen: list[int] = []
    model = ALS.fit(sequences([[0, 1], [1, 2]], n=3), SETTINGS).model
    original = type(model).fit

    def counting(self: object, *args: object, **options: object) -> None:
        seen.append(1)
        original(self, *args, **options)

    monkeypatch.setattr(type(model), "fit", counting)
    # when three rounds are asked for
    ALS.fit(
        sequences([[0, 1], [1, 2]], n=3),
        ALSSettings(factors=2, iterations=3),
        cpu_seconds=cpu_seconds,
    )
    # then one round is made at least, and all where there is time
    assert len(seen) == rounds

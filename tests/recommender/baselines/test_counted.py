"""Popularity, item-kNN, repeats and the sequences they read."""

from __future__ import annotations

import numpy as np

from recommender.baselines.item_knn import ItemKNN
from recommender.baselines.popularity import Popularity
from recommender.baselines.repeats import Repeats
from tests.recommender.synthetic import DAY, checkerboard, sequences


def test_popularity_is_a_share_of_all_weight() -> None:
    events = sequences([[0, 1], [0, 2]], n=4)
    np.testing.assert_allclose(Popularity.fit(events).shares, [0.5, 0.25, 0.25, 0])


def test_an_event_counts_half_after_the_half_life() -> None:
    # given item 0 two days before item 1
    events = sequences([[0, 1]], n=2, step=2 * DAY)
    shares = Popularity.fit(events, half_life=2.0 * DAY).shares
    np.testing.assert_allclose(shares, [1 / 3, 2 / 3], rtol=1e-6)


def test_popularity_without_events_is_zero() -> None:
    assert Popularity.fit(sequences([], n=2), half_life=1.0).shares.tolist() == [0.0, 0.0]


def test_item_knn_is_the_cosine_of_shopper_sets() -> None:
    # given 0 and 1 with one common shopper of two and one
    events = sequences([[0, 1], [0, 2]], n=3)
    scores = ItemKNN.fit(events).score(sequences([[1]], n=3))
    np.testing.assert_allclose(scores, [[1 / np.sqrt(2), 0, 0]], rtol=1e-6)


def test_item_knn_knows_the_color_of_a_checkerboard() -> None:
    events = sequences(checkerboard(60, n=20, length=6), n=20)
    scores = ItemKNN.fit(events).score(sequences([[0, 2], [1, 3]], n=20))
    assert (scores[0, 1::2] == 0).all()
    assert (scores[1, 0::2] == 0).all()
    assert scores[0, 4] > 0
    assert scores[1, 5] > 0


def test_repeats_count_own_events_by_age_and_weight() -> None:
    histories = sequences([[0, 1, 0], [2]], n=3)
    histories.weights[:] = [1, 1, 2, 1]
    scores = Repeats(decay=0.5).score(histories)
    np.testing.assert_allclose(scores, [[0.25 + 2, 0.5, 0], [0, 0, 1]])


def test_sequences_are_taken_in_the_order_asked_for() -> None:
    taken = sequences([[0, 1], [2], [3, 4]], n=5).take(np.array([2, 0]))
    assert taken.items.tolist() == [3, 4, 0, 1]
    assert taken.offsets.tolist() == [0, 2, 4]
    assert taken.ages.tolist() == [1, 0, 1, 0]

"""Trees: the pool, what a candidate is described by, and what is learned from it."""

from __future__ import annotations

import numpy as np

from recommender.comparison.candidate_pool import FEATURES, CandidatePool
from recommender.comparison.trees import TreeRanker, _training_rows
from tests.recommender.synthetic import cycles, habits, sequences


def test_the_pool_holds_followers_and_then_the_popular() -> None:
    # given that 0 is followed by 1, and 4 is bought most, then 3
    events = sequences([[0, 1], [4], [4], [4], [3], [3], [2]], n=6)
    pool = CandidatePool.fit(events, size=4)
    found = pool.candidates(sequences([[0]], n=6))
    assert found.items.tolist() == [[1, 4, 3, 0]]


def test_a_candidate_is_described_by_counts() -> None:
    # given one shopper's history in which item 1 is two of three events
    events = sequences([[0, 1], [0, 1], [2, 1]], n=3)
    found = CandidatePool.fit(events, size=3).candidates(sequences([[1, 0, 1]], n=3))
    described = dict(
        zip(FEATURES, found.features[0, found.items[0].tolist().index(1)], strict=True)
    )
    assert described["popularity"] == np.float32(0.5)
    assert described["own events"] == 2.0
    np.testing.assert_allclose(described["own events, fading"], 1 + 0.7**2, rtol=1e-6)
    assert described["length of the history"] == 3.0
    assert described["place in the pool"] == found.items[0].tolist().index(1)


def test_features_have_not_seen_the_answer_they_explain() -> None:
    # given pairs that occur once each, with the answer as their second event
    rows = [[item, 30 + item] for item in range(30)]
    # when training rows are made of them
    features, labels = _training_rows(sequences(rows, n=60), size=60, seed=0)
    # then each shopper gives one answer and 20 others, and no count knows the pair
    assert (len(labels), int(labels.sum())) == (30 * 21, 30)
    for name in ("transitions", "item-knn", "popularity"):
        assert features[labels][:, FEATURES.index(name)].tolist() == [0.0] * 30


def test_a_forest_learns_that_shoppers_come_back() -> None:
    # given shoppers who buy favorites again and again
    model = TreeRanker.fit_forest(sequences(habits(400, n=40, length=12), n=40))
    # when somebody bought 3 often and 9 once
    scores = model.score(sequences([[3, 9, 3, 3, 3, 3]], n=40))[0]
    # then 3 leads and 9 follows
    assert np.argsort(-scores)[:2].tolist() == [3, 9]


def test_what_is_outside_the_pool_scores_zero() -> None:
    model = TreeRanker.fit_tree(sequences(cycles(300, n=30, length=6), n=30), size=5)
    scores = model.score(sequences([[3, 4, 5], [9]], n=30))
    assert (scores > 0).sum(axis=1).tolist() == [5, 5]
    assert scores.argmax(axis=1).tolist() == [6, 10]


def test_a_budget_that_is_spent_grows_the_first_trees_alone() -> None:
    events = sequences(habits(100, n=40, length=8), n=40)
    model = TreeRanker.fit_forest(events, cpu_seconds=0.0)
    assert model.classifier is not None
    assert len(model.classifier.estimators_) == 10

"""Metrics against a brute-force sort."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.baselines.metrics import (
    hit_rate,
    list_ranks,
    ndcg,
    reciprocal_rank,
    target_ranks,
)


@given(
    scores=st.lists(st.lists(st.integers(-5, 5), min_size=6, max_size=6), min_size=1, max_size=8),
    target=st.integers(0, 5),
    k=st.integers(1, 6),
)
def test_metrics_equal_a_sort(scores: list[list[int]], target: int, k: int) -> None:
    table = np.array(scores, dtype=np.float32)
    ranks = target_ranks(table, np.full(len(scores), target))
    gains, hits, inverse = [], [], []
    for row in scores:
        others = [score for item, score in enumerate(row) if item != target]
        rank = sum(score > row[target] for score in others)
        rank += sum(score == row[target] for score in others) / 2
        gains.append(1 / math.log2(rank + 2) if rank < k else 0)
        hits.append(rank < k)
        inverse.append(1 / (rank + 1) if rank < k else 0)
    assert ndcg(ranks, k) == pytest.approx(np.mean(gains))
    assert hit_rate(ranks, k) == pytest.approx(np.mean(hits))
    assert reciprocal_rank(ranks, k) == pytest.approx(np.mean(inverse))


def test_a_withheld_target_is_a_miss() -> None:
    ranks = target_ranks(np.array([[-np.inf, 0.0, 1.0]]), np.array([0]))
    assert ranks.tolist() == [3.0]


def test_no_cases_score_zero() -> None:
    none = np.zeros(0)
    assert (ndcg(none, 10), hit_rate(none, 10), reciprocal_rank(none, 10)) == (0.0, 0.0, 0.0)


def test_the_place_in_a_list() -> None:
    assert list_ranks(np.array([4, 2, 9]), 2, missing=99.0) == 1.0
    assert list_ranks(np.array([4, 2, 9]), 3, missing=99.0) == 99.0

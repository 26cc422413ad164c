"""Exact search and the softmax denominator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.serving.scan import VectorScan


def table(n: int, d: int = 16) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, d)).astype(np.float16)


def test_the_nearest_are_those_of_a_full_product() -> None:
    vectors = table(3000)
    query = np.random.default_rng(2).normal(size=16).astype(np.float32)
    exact = vectors.astype(np.float32) @ query
    found = VectorScan(vectors).scores(query).top(50)
    assert found.items.tolist() == np.argsort(-exact)[:50].tolist()
    np.testing.assert_allclose(found.scores, np.sort(exact)[::-1][:50], rtol=1e-3)


@given(
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([1e-4, 1e-2, 1.0]),
    count=st.integers(1, 300),
    share=st.sampled_from([0.02, 0.5, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_the_answer_is_exact_also_where_bytes_cannot_tell(
    seed: int, spread: float, count: int, share: float
) -> None:
    """Given vectors so alike that their bytes are, the exact nearest are found all the same."""
    draw = np.random.default_rng(seed)
    center = draw.normal(size=16)
    vectors = (center + spread * draw.normal(size=(2_000, 16))).astype(np.float16)
    query = draw.normal(size=16).astype(np.float32)
    eligible = draw.random(2_000) < share
    exact = vectors.astype(np.float32) @ query
    exact[~eligible] = -np.inf
    found = VectorScan(vectors).scores(query).top(count, eligible)
    expected = np.sort(exact[eligible])[::-1][:count]
    np.testing.assert_allclose(found.scores, expected, rtol=1e-5, atol=1e-5)
    assert eligible[found.items].all()


@pytest.mark.parametrize("query", [np.zeros(16), np.full(16, 1e-20)])
def test_a_query_without_direction_still_answers(query: np.ndarray) -> None:
    found = VectorScan(table(50)).scores(query.astype(np.float32)).top(10)
    assert len(found.items) == 10


def test_only_eligible_rows_are_found() -> None:
    vectors = table(3000)
    eligible = np.zeros(3000, dtype=bool)
    eligible[::7] = True
    found = VectorScan(vectors).scores(np.ones(16, dtype=np.float32)).top(30, eligible)
    assert len(found.items) == 30
    assert (found.items % 7 == 0).all()


def test_fewer_rows_than_asked_for() -> None:
    assert len(VectorScan(table(5)).scores(np.ones(16, dtype=np.float32)).top(30).items) == 5


@pytest.mark.parametrize("n", [100, 16_384, 65_536])
@pytest.mark.parametrize("sharpness", [0.1, 1.0, 3.0])
def test_the_denominator_is_within_one_percent(n: int, sharpness: float) -> None:
    vectors = table(n)
    query = np.random.default_rng(3).normal(size=16).astype(np.float32) * sharpness
    scores = VectorScan(vectors).scores(query)
    exact = np.logaddexp.reduce((vectors.astype(np.float64) @ query).ravel())
    estimate = scores.log_normalizer(scores.top(64))
    assert np.exp(estimate - exact) == pytest.approx(1.0, abs=0.01)

"""Exact search and the softmax denominator."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.serving.scan import EXACT_NORMALIZER, VectorScan


def table(n: int, d: int = 16) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, d)).astype(np.float16)


def test_the_nearest_are_those_of_a_full_product() -> None:
    vectors = table(3000)
    query = np.random.default_rng(2).normal(size=16).astype(np.float32)
    exact = vectors.astype(np.float32) @ query
    found = VectorScan(vectors).top(query, 50)
    assert found.items.tolist() == np.argsort(-exact)[:50].tolist()
    np.testing.assert_allclose(found.scores, np.sort(exact)[::-1][:50], rtol=1e-3)


def test_only_eligible_rows_are_found() -> None:
    vectors = table(3000)
    eligible = np.zeros(3000, dtype=bool)
    eligible[::7] = True
    found = VectorScan(vectors).top(np.ones(16, dtype=np.float32), 30, eligible)
    assert len(found.items) == 30
    assert (found.items % 7 == 0).all()


def test_fewer_rows_than_asked_for() -> None:
    assert len(VectorScan(table(5)).top(np.ones(16, dtype=np.float32), 30).items) == 5


@pytest.mark.parametrize("n", [100, EXACT_NORMALIZER, EXACT_NORMALIZER * 4])
@pytest.mark.parametrize("sharpness", [0.1, 1.0, 3.0])
def test_the_denominator_is_within_one_percent(n: int, sharpness: float) -> None:
    vectors = table(n)
    query = np.random.default_rng(3).normal(size=16).astype(np.float32) * sharpness
    scan = VectorScan(vectors)
    exact = np.logaddexp.reduce((vectors.astype(np.float64) @ query).ravel())
    estimate = scan.log_normalizer(query, scan.top(query, 128))
    assert np.exp(estimate - exact) == pytest.approx(1.0, abs=0.01)

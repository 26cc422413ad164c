"""The mix: shares, weights on the simplex, and who earns one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.baselines.metrics import ndcg
from recommender.baselines.sequences import Sequences
from recommender.training.mixing import (
    Pools,
    collect,
    evaluate_mix,
    fit_mix,
    fit_weights,
    quality,
    shares,
)
from tests.recommender.synthetic import cases

N = 30


@dataclass(frozen=True)
class Table:
    """A component that answers from a table, one row per case."""

    rows: npt.NDArray[np.float32]
    name: str = "table"

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        first = histories.items[histories.offsets[:-1]]
        return self.rows[first]


def two_experts(count: int = 80) -> tuple[list[Table], object]:
    """Return experts who each know half of the cases, and the cases."""
    chance = np.random.default_rng(0)
    first = chance.random((N, N)).astype(np.float32) * 0.2
    second = chance.random((N, N)).astype(np.float32) * 0.2
    rows = chance.integers(N, size=count)
    targets = (rows + 7) % N
    for row in range(N):
        (first if row % 2 else second)[row, (row + 7) % N] = 3.0
    known = cases([[int(row)] for row in rows], targets.tolist(), n=N)
    return [Table(first, "first"), Table(second, "second")], known


def test_shares_leave_out_what_is_withheld() -> None:
    known = cases([[0, 1]], [2], n=4)
    withheld = known.withheld(seen_filter=True, fresh_window=0)
    found = shares(np.array([[5, 5, 3, 1]], dtype=np.float32), withheld)
    np.testing.assert_allclose(found, [[0, 0, 0.75, 0.25]])


def test_a_component_that_knows_nothing_has_no_share() -> None:
    known = cases([[0]], [1], n=2)
    found = shares(np.zeros((1, 2), np.float32), known.withheld(seen_filter=True, fresh_window=0))
    assert found.tolist() == [[0.0, 0.0]]


def test_a_read_only_score_is_not_changed() -> None:
    known = cases([[0]], [1], n=2)
    scores = np.broadcast_to(np.array([1, 3], dtype=np.float32), (1, 2))
    shares(scores, known.withheld(seen_filter=True, fresh_window=0))
    assert scores.tolist() == [[1.0, 3.0]]


def test_pools_rank_like_the_whole_catalog() -> None:
    parts, known = two_experts()
    pools = collect(parts, known, seen_filter=False, fresh_window=0)
    for weights in ([1.0, 0.0], [0.3, 0.7], [0.5, 0.5]):
        whole = evaluate_mix(parts, weights, known, seen_filter=False, fresh_window=0)
        assert ndcg(pools.ranks(weights), 10) == pytest.approx(ndcg(whole["mix"], 10))


def test_the_mix_of_two_half_experts_beats_both() -> None:
    parts, known = two_experts()
    pools = collect(parts, known, seen_filter=False, fresh_window=0)
    weights, score = fit_weights(pools)
    alone = [quality(pools, np.eye(2)[i]) for i in range(2)]
    assert score > max(alone)
    assert weights.min() > 0.1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.sampled_from([0, 1, 10, 60]))
def test_weights_stay_on_the_simplex_and_beat_every_single_component(seed: int, count: int) -> None:
    chance = np.random.default_rng(seed)
    pools = Pools(
        target=chance.random((count, 3)).astype(np.float32),
        rivals=chance.random((count, 20, 3)).astype(np.float32),
    )
    weights, score = fit_weights(pools)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    if count >= 50:
        alone = [ndcg(pools.ranks(np.eye(3)[i]), 10) for i in range(3)]
        assert ndcg(pools.ranks(weights), 10) >= max(alone)
        assert score == pytest.approx(quality(pools, weights))


def test_attention_that_earns_nothing_gets_no_weight() -> None:
    (first, second), known = two_experts()
    useless = Table(np.full((N, N), 1.0, dtype=np.float32), "attention")
    pools = collect([useless, first, second], known, seen_filter=False, fresh_window=0)
    assert fit_mix(pools, attention=0).weights[0] == 0


def test_attention_that_earns_its_weight_keeps_it() -> None:
    (first, second), known = two_experts()
    pools = collect([first, second], known, seen_filter=False, fresh_window=0)
    fit = fit_mix(pools, attention=0)
    assert fit.weights[0] > 0
    assert fit.gain > 0.1

"""The mix: non-negative weights on the simplex, chosen on validation.

A product's score is ``p = sum_c w_c p_c``; each p_c is a component's distribution over the
products that are not withheld. The likelihood of a mixture has one maximum, found by expectation
maximization (Dempster, Laird and Rubin, 1977); from there, from the center and from every single
component a pattern search on NDCG moves mass between pairs of components in ever smaller portions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.baselines.component import Component
from recommender.baselines.metrics import ndcg, target_ranks
from recommender.training.protocol import Cases

DEPTH = 50
FEW_CASES = 50
K = 10
PORTIONS = (0.2, 0.1, 0.05, 0.02)
EARNED = 0.005
_CELLS = 4_000_000

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pools:
    """What a mix needs to know of u cases: the shares of the target and of its rivals.

    Attributes:
        target: float32[u, c], share of the target by component.
        rivals: float32[u, m, c], shares of other items, the best of each component; unused rows
            are zeros.
    """

    target: npt.NDArray[np.float32]
    rivals: npt.NDArray[np.float32]

    def ranks(self, weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return float64[u], the rank of each target under the mix (inf where it scores 0)."""
        w = np.asarray(weights, dtype=np.float32)
        own = self.target @ w
        above: npt.NDArray[np.float64] = (self.rivals @ w > own[:, None]).sum(axis=1, dtype=float)
        above[own <= 0] = np.inf
        return above


def shares(scores: npt.NDArray[np.float32], withheld: sparse.coo_matrix) -> npt.NDArray[np.float32]:
    """Return float32[u, n]: scores as shares of the products that are not withheld.

    ``scores`` are changed in place, unless they are read-only.
    """
    odds = scores if scores.flags.writeable else np.array(scores)
    odds[withheld.row, withheld.col] = 0.0
    totals = odds.sum(axis=1, keepdims=True)
    odds /= np.where(totals > 1e-12, totals, 1.0)
    return odds


def blocks(cases: Cases) -> list[Cases]:
    """Return the cases in blocks small enough to score against the whole catalog at once."""
    size = max(1, _CELLS // max(cases.histories.n, 1))
    rows = np.arange(len(cases))
    return [cases.take(rows[start : start + size]) for start in range(0, len(cases), size)]


def collect(
    components: Sequence[Component], cases: Cases, *, seen_filter: bool, fresh_window: float
) -> Pools:
    """Score cases by every component and keep what a mix can be judged by."""
    targets = [np.zeros((0, len(components)), dtype=np.float32)]
    rivals = []
    depth = min(DEPTH, cases.histories.n)
    for block in blocks(cases):
        withheld = block.withheld(seen_filter=seen_filter, fresh_window=fresh_window)
        parts = [shares(part.score(block.histories), withheld) for part in components]
        best = [np.argpartition(-part, depth - 1, axis=1)[:, :depth] for part in parts]
        pool = np.sort(np.concatenate(best, axis=1), axis=1)
        unused = np.zeros(pool.shape, dtype=bool)
        unused[:, 1:] = pool[:, 1:] == pool[:, :-1]
        unused |= pool == block.targets[:, None]
        rows = np.arange(len(block))
        table = np.stack([part[rows[:, None], pool] for part in parts], axis=-1)
        table[unused] = 0.0
        rivals.append(table)
        targets.append(np.stack([part[rows, block.targets] for part in parts], axis=-1))
    width = depth * len(components)
    empty = np.zeros((0, width, len(components)), dtype=np.float32)
    return Pools(np.concatenate(targets), np.concatenate([empty, *rivals]))


def quality(pools: Pools, weights: npt.ArrayLike) -> float:
    """Return what weights are chosen by: the mean of NDCG@10 and NDCG@50.

    The second moves with less chance than the first, so a lucky draw of cases decides less.
    """
    ranks = pools.ranks(weights)
    return (ndcg(ranks, K) + ndcg(ranks, DEPTH)) / 2


def fit_weights(pools: Pools, *, allowed: Sequence[bool] | None = None) -> tuple[Vector, float]:
    """Return weights float64[c] and the `quality` they reach on the cases of ``pools``.

    NDCG@10 is never below that of any single component. With few cases the likelihood decides
    alone.

    Args:
        pools: validation cases.
        allowed: which components may have weight; None means all.
    """
    count = pools.target.shape[1]
    mask = np.ones(count, dtype=bool) if allowed is None else np.asarray(allowed, dtype=bool)
    likely = _most_likely(pools.target, mask)
    single = [np.eye(count)[index] for index in np.flatnonzero(mask)]
    found = [likely]
    if len(pools.target) >= FEW_CASES:
        found = [_climb(pools, start, mask) for start in (likely, mask / mask.sum(), *single)]
    least = max(ndcg(pools.ranks(start), K) for start in single)
    sound = [weights for weights in found if ndcg(pools.ranks(weights), K) >= least]
    best = max(sound or single, key=lambda weights: quality(pools, weights))
    return best, quality(pools, best)


@dataclass(frozen=True, slots=True)
class Fit:
    """The chosen weights, and by how much attention earned its place.

    Attributes:
        weights: float64[c].
        gain: relative gain in `quality` of the best mix with attention over the best without.
    """

    weights: Vector
    gain: float


def fit_mix(pools: Pools, *, attention: int | None) -> Fit:
    """Return the weights of the mix; attention keeps a weight only where it earns one.

    It earns it when the best mix with it beats the best mix without it by `EARNED`, relatively.

    Args:
        pools: validation cases.
        attention: the component that must earn its weight; None when there is none.
    """
    full, with_attention = fit_weights(pools)
    if attention is None:
        return Fit(full, 0.0)
    others = [index != attention for index in range(pools.target.shape[1])]
    reduced, without = fit_weights(pools, allowed=others)
    gain = with_attention / max(without, 1e-9) - 1
    return Fit(full if gain > EARNED else reduced, gain)


def evaluate_mix(
    components: Sequence[Component],
    weights: npt.ArrayLike,
    cases: Cases,
    *,
    seen_filter: bool,
    fresh_window: float,
) -> dict[str, npt.NDArray[np.float64]]:
    """Return ranks float64[u] of the targets over the whole catalog: each component, the mix."""
    w = np.asarray(weights, dtype=np.float32)
    found: dict[str, list[npt.NDArray[np.float64]]] = {part.name: [] for part in components}
    found["mix"] = []
    for block in blocks(cases):
        withheld = block.withheld(seen_filter=seen_filter, fresh_window=fresh_window)
        total = np.zeros((len(block), cases.histories.n), dtype=np.float32)
        for weight, part in zip(w, components, strict=True):
            odds = shares(part.score(block.histories), withheld)
            total += weight * odds
            found[part.name].append(_ranks(odds, withheld, block.targets))
        found["mix"].append(_ranks(total, withheld, block.targets))
    return {name: np.concatenate([np.zeros(0), *ranks]) for name, ranks in found.items()}


def _ranks(
    odds: npt.NDArray[np.float32],
    withheld: sparse.coo_matrix,
    targets: npt.NDArray[np.int32],
) -> npt.NDArray[np.float64]:
    odds[withheld.row, withheld.col] = -np.inf
    return target_ranks(odds, targets)


def _most_likely(target: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> Vector:
    """Return the weights of the largest likelihood, with one prior case for each component."""
    weights = mask / mask.sum()
    odds = target.astype(np.float64) * mask
    known = odds[odds.sum(axis=1) > 0]
    for _ in range(100):
        joint = known * weights
        owned = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
        counts = owned.sum(axis=0) + mask
        moved = counts / counts.sum()
        if np.abs(moved - weights).max() < 1e-6:
            break
        weights = moved
    return np.asarray(weights, dtype=np.float64)


def _climb(pools: Pools, start: Vector, mask: npt.NDArray[np.bool_]) -> Vector:
    """Return the best weights found from ``start`` by ever smaller moves."""
    weights, best = start, quality(pools, start)
    for portion in PORTIONS:
        improved = True
        while improved:
            improved = False
            for moved in _moves(weights, mask, portion):
                score = quality(pools, moved)
                if score > best + 1e-9:
                    best, weights, improved = score, moved, True
    return weights


def _moves(weights: Vector, mask: npt.NDArray[np.bool_], portion: float) -> list[Vector]:
    """Return the weights after moving ``portion`` (or what is left) between each pair."""
    moves = []
    for giver in np.flatnonzero(mask & (weights > 0)):
        for taker in np.flatnonzero(mask):
            if taker != giver:
                moved = weights.copy()
                given = min(portion, moved[giver])
                moved[giver] -= given
                moved[taker] += given
                moves.append(moved)
    return moves

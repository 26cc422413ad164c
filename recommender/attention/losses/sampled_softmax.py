"""Cross-entropy of the right item, over sampled wrong ones.

Reference: Jean et al., 2015, arXiv:1412.2007; for next-item models, Klenitskiy and Vasilev, 2023,
arXiv:2309.07602. Keeping the hardest negatives alone: TRON (Wilm et al., 2023, arXiv:2307.14906).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from recommender.attention.losses.averages import weighted_mean


def sampled_softmax(
    states: Tensor,
    targets: Tensor,
    negatives: Tensor,
    vectors: Callable[[Tensor], Tensor],
    *,
    n: int,
    weights: Tensor | None = None,
    hardest: int = 0,
) -> Tensor:
    """Return the mean negative log-likelihood of the targets, a scalar.

    The denominator is estimated: K negatives stand for the n - 1 wrong items, so each counts
    (n - 1) / K times, added to its score as a logarithm. A negative that happens to be the target
    of a row is left out of that row.

    Args:
        states: float[M, D].
        targets: int64[M].
        negatives: int64[K], drawn evenly.
        vectors: maps int64[m] to float[m, D], the product vectors.
        n: number of items.
        weights: float[M], weight of each target; None means 1.
        hardest: negatives that count for each target, those with the highest scores; 0 means all.
            Those left out are the smallest terms of the sum, so what is kept counts as before.
    """
    correction = math.log((n - 1) / len(negatives)) if n > 1 else 0.0
    found = vectors(torch.cat([targets, negatives]))
    right, wrong = found[: len(targets)], found[len(targets) :]
    rows, columns = accidental_hits(targets, negatives)
    kept = hardest if 0 < hardest < len(negatives) else 0
    apply: Callable[..., Tensor] = _SampledSoftmax.apply
    losses = apply(states, right, wrong, rows, columns, correction, kept)
    return weighted_mean(losses, weights)


def accidental_hits(targets: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pairs (row, column) where a negative is the target of the row, int64[h] each."""
    order = negatives.argsort()
    ordered = negatives[order]
    first = torch.searchsorted(ordered, targets)
    hits = torch.searchsorted(ordered, targets, right=True) - first
    rows = torch.repeat_interleave(torch.arange(len(targets), device=targets.device), hits)
    within = torch.arange(len(rows), device=targets.device) - (hits.cumsum(0) - hits)[rows]
    return rows, order[first[rows] + within]


class _SampledSoftmax(torch.autograd.Function):
    """-log softmax of the right score, with one M x K buffer instead of five."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,  # M, D
        right: Tensor,  # M, D
        wrong: Tensor,  # K, D
        rows: Tensor,
        columns: Tensor,
        correction: float,
        hardest: int,
    ) -> Tensor:
        answer = (states * right).sum(dim=-1)  # M
        odds = states @ wrong.T  # M, K
        odds[rows, columns] = -1e9
        if hardest:
            floor = odds.topk(hardest, dim=1, sorted=False).values.amin(dim=1, keepdim=True)
            odds.masked_fill_(odds < floor, -1e9)
        peak = torch.maximum(odds.amax(dim=1) + correction, answer)
        odds.sub_((peak - correction)[:, None]).exp_()
        share = (answer - peak).exp()
        total = odds.sum(dim=1) + share
        ctx.save_for_backward(states, right, wrong, odds, share, total)
        return total.log() + peak - answer

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        states, right, wrong, odds, share, total = ctx.saved_tensors
        scale = (gradient / total)[:, None]  # M, 1
        pull = share[:, None] * scale - gradient[:, None]  # M, 1
        odds = odds * scale
        return odds @ wrong + pull * right, pull * states, odds.T @ states, None, None, None, None

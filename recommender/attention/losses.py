"""The training loss: cross-entropy against the right item, over sampled wrong ones.

Reference: Jean et al., 2015, arXiv:1412.2007; for next-item models, Klenitskiy and Vasilev, 2023,
arXiv:2309.07602.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def sampled_softmax(
    states: Tensor,
    targets: Tensor,
    negatives: Tensor,
    table: Tensor,
    *,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the mean negative log-likelihood of the targets, a scalar.

    The denominator is estimated: K negatives stand for the N - 1 wrong items, so each counts
    (N - 1) / K times, added to its score as a logarithm. A negative that happens to be the target
    of a row is left out of that row.

    Args:
        states: float[M, D].
        targets: int64[M].
        negatives: int64[K], drawn evenly.
        table: float[N, D], the product vectors.
        weights: float[M], weight of each target; None means 1.
    """
    correction = math.log((len(table) - 1) / len(negatives)) if len(table) > 1 else 0.0
    vectors = table[torch.cat([targets, negatives])]
    right, wrong = vectors[: len(targets)], vectors[len(targets) :]
    rows, columns = accidental_hits(targets, negatives)
    apply: Callable[..., Tensor] = _SampledSoftmax.apply
    losses = apply(states, right, wrong, rows, columns, correction)
    if weights is None:
        return losses.mean()
    return (losses * weights).sum() / weights.sum().clamp(min=1e-6)


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
    ) -> Tensor:
        answer = (states * right).sum(dim=-1)  # M
        odds = states @ wrong.T  # M, K
        odds[rows, columns] = -1e9
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
        return odds @ wrong + pull * right, pull * states, odds.T @ states, None, None, None

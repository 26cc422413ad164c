"""Cross-entropy of the right item over the whole catalog, in memory that does not grow with it.

The scores are made in chunks of items, summed up and forgotten; the way back makes them again
(recomputation: Chen et al., 2016, arXiv:1604.06174; the running sum: Milakov and Gimelshein, 2018,
arXiv:1805.02867). Value and gradient are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from recommender.attention.losses.averages import weighted_mean

CELLS = 4_000_000
"""Scores that are in memory at once."""


def full_softmax(
    states: Tensor,
    targets: Tensor,
    table: Tensor,
    *,
    weights: Tensor | None = None,
    cells: int = CELLS,
) -> Tensor:
    """Return the mean negative log-likelihood of the targets, a scalar.

    Args:
        states: float[M, D].
        targets: int64[M].
        table: float[N, D], all product vectors.
        weights: float[M], weight of each target; None means 1.
        cells: scores that are in memory at once.
    """
    chunk = max(1, cells // max(len(states), 1))
    apply: Callable[..., Tensor] = _FullSoftmax.apply
    return weighted_mean(apply(states, table, targets, chunk), weights)


class _FullSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,  # M, D
        table: Tensor,  # N, D
        targets: Tensor,  # M
        chunk: int,
    ) -> Tensor:
        peak = states.new_full((len(states),), -torch.inf)
        total = states.new_zeros(len(states))
        for start in range(0, len(table), chunk):
            scores = states @ table[start : start + chunk].T
            top = torch.maximum(peak, scores.amax(dim=1))
            total.mul_((peak - top).exp()).add_(scores.sub_(top[:, None]).exp_().sum(dim=1))
            peak = top
        level = peak + total.log()  # log of the sum over all items
        ctx.save_for_backward(states, table, targets, level)
        ctx.chunk = chunk
        return level - (states * table[targets]).sum(dim=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        states, table, targets, level = ctx.saved_tensors
        pull = -gradient[:, None]
        to_states = pull * table[targets]
        to_table = torch.empty_like(table)
        for start in range(0, len(table), ctx.chunk):
            part = table[start : start + ctx.chunk]
            shares = (states @ part.T).sub_(level[:, None]).exp_().mul_(gradient[:, None])
            to_states.addmm_(shares, part)
            torch.mm(shares.T, states, out=to_table[start : start + ctx.chunk])
        to_table.index_add_(0, targets, pull * states)
        return to_states, to_table, None, None

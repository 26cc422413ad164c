"""The mean of the losses of many targets, each with a weight of its own."""

from __future__ import annotations

from torch import Tensor


def weighted_mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean of float[M], weighed by float[M]; None means 1 each."""
    if weights is None:
        return losses.mean()
    return (losses * weights).sum() / weights.sum().clamp(min=1e-6)

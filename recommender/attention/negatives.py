"""Negatives: items a loss compares the right answer with."""

from __future__ import annotations

import torch
from torch import Tensor


class UniformNegatives:
    """Items drawn evenly, with replacement: one set shared by a batch, or one for each target.

    Sharing makes the scores of a batch one matrix product; even drawing needs no correction but a
    constant (see `recommender.attention.losses.sampled_softmax`).
    """

    def __init__(self, n: int, count: int, *, pool: Tensor | None = None) -> None:
        """Draw ``count`` of ``n`` items, or of ``pool``, int64[n]; at most n - 1 are useful."""
        self.n, self.pool = n, pool
        self.count = max(1, min(count, n - 1))

    def draw(self, generator: torch.Generator, *, rows: int | None = None) -> Tensor:
        """Return int64[K], or int64[rows, K] where each of ``rows`` targets has its own."""
        shape = (self.count,) if rows is None else (rows, self.count)
        drawn = torch.randint(self.n, shape, generator=generator)
        return drawn if self.pool is None else self.pool[drawn]

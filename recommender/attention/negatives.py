"""Negatives: items a loss compares the right answer with."""

from __future__ import annotations

import torch
from torch import Tensor


class UniformNegatives:
    """Items drawn evenly, with replacement, one set shared by the whole batch.

    Sharing makes the scores of a batch one matrix product; even drawing needs no correction but a
    constant (see `recommender.attention.losses.sampled_softmax`).
    """

    def __init__(self, n: int, count: int) -> None:
        """Draw ``count`` of ``n`` items; at most n - 1 are useful."""
        self.n = n
        self.count = max(1, min(count, n - 1))

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return int64[K]."""
        return torch.randint(self.n, (self.count,), generator=generator)

"""How a query of attention judges a key, before the softmax over keys.

Queries and keys come in projected, ``q = U x_query`` and ``k = V x_key``. An additive score must
put its nonlinearity around both: of ``V x_i + U q_j + b`` alone, a softmax over i cancels every
term without i, and the query would decide nothing.

Shapes: queries float[B, H, Q, W], keys float[B, H, K, W], scores float[B, H, Q, K].
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

STEEPEST = math.log(100.0)


class Dot(nn.Module):
    """``q . k`` (Luong et al., 2015, arXiv:1508.04025)."""

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        """Return the scores."""
        return q @ k.transpose(-1, -2)


class Scaled(nn.Module):
    """``q . k / sqrt(W)`` (Vaswani et al., 2017, arXiv:1706.03762)."""

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        """Return the scores."""
        shrink: float = q.shape[-1] ** -0.5
        return q @ k.transpose(-1, -2) * shrink


class Cosine(nn.Module):
    """``cos(q, k)`` times a learned steepness of each head, at most 100.

    Sources: query-key normalization (Henry et al., 2020, arXiv:2010.04245); the bound (Liu et al.,
    2021, arXiv:2111.09883).
    """

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.steepness = nn.Parameter(torch.full((heads, 1, 1), math.log(10.0)))

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        """Return the scores."""
        q, k = nn.functional.normalize(q, dim=-1), nn.functional.normalize(k, dim=-1)
        return q @ k.transpose(-1, -2) * self.steepness.clamp(max=STEEPEST).exp()


class Additive(nn.Module):
    """``w . tanh(k + q + b)`` (Bahdanau et al., 2014, arXiv:1409.0473).

    Takes W times the memory of a product: one vector for each pair of query and key.
    """

    def __init__(self, heads: int, width: int) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.empty(heads, width, 1))
        self.offset = nn.Parameter(torch.zeros(heads, 1, width))
        nn.init.normal_(self.direction, std=width**-0.5)

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        """Return the scores."""
        pairs = ((q + self.offset)[:, :, :, None] + k[:, :, None]).tanh()  # B, H, Q, K, W
        return (pairs @ self.direction[:, None]).squeeze(-1)


def score_function(name: str, *, heads: int, width: int) -> nn.Module:
    """Return the score function that `recommender.attention.config.SCORES` calls ``name``."""
    match name:
        case "dot":
            return Dot()
        case "scaled":
            return Scaled()
        case "cosine":
            return Cosine(heads)
        case "additive":
            return Additive(heads, width)
    raise ValueError(f"score {name!r} is not known")

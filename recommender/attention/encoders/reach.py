"""How far a head of attention looks back, and how much it says."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPAN_COST = 0.01
RAMP = 0.25


class AdaptiveSpan(nn.Module):
    """Each head learns how far back it looks (Sukhbaatar et al., 2019, arXiv:1905.07799).

    The odds of an event at distance x are multiplied by a mask that falls from 1 to 0 over a ramp,
    ``clamp((span + ramp - x) / ramp, 0, 1)``, and made to sum to 1 again. A span is a share of the
    longest distance, the sigmoid of a free number, and begins at one half; the paper clamps it,
    which leaves a span of 0 without a gradient. Longer spans cost, see `cost`.
    """

    def __init__(self, heads: int, longest: int) -> None:
        """Bound the spans of ``heads`` by ``longest`` events."""
        super().__init__()
        self.longest = longest
        self.ramp = max(1.0, RAMP * longest)
        self.span = nn.Parameter(torch.zeros(heads))

    def forward(self, odds: Tensor, distance: Tensor) -> Tensor:
        """Map float[B, H, Q, K] to float[B, H, Q, K]; ``distance`` is int64[Q, K]."""
        spans = self.span.sigmoid()[:, None, None] * self.longest
        mask = ((spans + self.ramp - distance.abs()) / self.ramp).clamp(0, 1)  # H, Q, K
        kept = odds * mask
        return kept / kept.sum(dim=-1, keepdim=True).clamp(min=1e-9)

    def cost(self) -> Tensor:
        """Return what the spans add to the loss: `SPAN_COST` times their mean share."""
        return SPAN_COST * self.span.sigmoid().mean()


class HeadGate(nn.Module):
    """Each head is multiplied by a gate between 0 and 1 that the asking event sets.

    Sources: heads that can be shut (Voita et al., 2019, arXiv:1905.09418); one sigmoid gate a head,
    set by its query (Qiu et al., 2025, arXiv:2505.06708). Gates begin half open.
    """

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.gate = nn.Linear(d, heads)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def forward(self, mixed: Tensor, asking: Tensor) -> Tensor:
        """Map float[B, H, Q, W] to float[B, H, Q, W]; ``asking`` is float[B, Q, D]."""
        gates: Tensor = self.gate(asking).sigmoid().transpose(1, 2)  # B, H, Q
        return mixed * gates[..., None]

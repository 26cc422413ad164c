"""A frequency branch beside attention: slow interest and quick interest, weighed apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SLOW_EVENTS = 5


class Frequency(nn.Module):
    """``low + beta^2 * (x - low)``, where ``low`` is the mean of the newest events at each event.

    After BSARec (Shin et al., 2024, arXiv:2312.10325), whose low-pass filter is a Fourier transform
    over the whole sequence. That looks at later events and has no graph of dynamic length; the
    mean of the last `SLOW_EVENTS` events is a causal low-pass filter in its place, so this branch
    is not the one of the paper. ``beta`` is learned for each feature and begins at 1, where the
    branch passes everything.
    """

    def __init__(self, d: int, history: int) -> None:
        """Average over at most ``history`` events."""
        super().__init__()
        self.events = min(SLOW_EVENTS, history)
        self.beta = nn.Parameter(torch.ones(d))

    def forward(self, x: Tensor) -> Tensor:
        """Map float[B, T, D] to float[B, T, D]; an event sees itself and earlier ones."""
        padded = nn.functional.pad(x.transpose(1, 2), (self.events - 1, 0))
        sums = nn.functional.avg_pool1d(padded, self.events, stride=1) * self.events
        seen = torch.arange(1, x.shape[1] + 1, device=x.device).clamp(max=self.events)
        low = (sums / seen).transpose(1, 2)
        return low + self.beta.square() * (x - low)

"""Self-attention over events, with learned biases by relative position and relative time.

The attention is written out (matmul, softmax, matmul): the fused operator does not export to ONNX
with a dynamic length.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from recommender.attention.config import NetworkConfig
from recommender.attention.encoders.buckets import TIME_BUCKETS, bucket_bias
from recommender.attention.encoders.reach import AdaptiveSpan, HeadGate
from recommender.attention.encoders.scores import score_function

HIDDEN = -1e9


class View(NamedTuple):
    """What Q asking events see of K events.

    Attributes:
        distance: int64[Q, K], events from the asked to the asking one; negative for later ones.
        hidden: bool[Q, K] or bool[B, 1, 1, K], true where an event is not seen.
        buckets: int64[B, Q, K], time between the two; None without a clock.
    """

    distance: Tensor
    hidden: Tensor
    buckets: Tensor | None

    def newest(self) -> View:
        """Return what the newest asking event sees."""
        buckets = None if self.buckets is None else self.buckets[:, -1:]
        return View(self.distance[-1:], self.hidden[..., -1:, :], buckets)


class Attention(nn.Module):
    """Self-attention with biases by relative position and time.

    Sources: additive biases by relative position (Raffel et al., 2020, arXiv:1910.10683), by
    relative time (Zhai et al., 2024, arXiv:2402.17152). An encoder that looks ahead learns other
    biases for later events.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.width = config.d // config.heads
        farthest = config.history * min(config.segments, 2)
        self.project = nn.Linear(config.d, 3 * config.d, bias=False)
        self.output = nn.Linear(config.d, config.d, bias=False)
        self.position_bias = nn.Embedding(farthest, config.heads)
        self.time_bias = nn.Embedding(TIME_BUCKETS, config.heads) if config.timed else None
        looks_ahead = config.encoder == "bidirectional"
        self.later_bias = nn.Embedding(farthest, config.heads) if looks_ahead else None
        self.score = score_function(config.score, heads=self.heads, width=self.width)
        self.span = AdaptiveSpan(self.heads, farthest) if config.reach == "span" else None
        self.gate = HeadGate(config.d, self.heads) if config.reach == "gate" else None
        for bias in (self.position_bias, self.time_bias, self.later_bias):
            if bias is not None:
                nn.init.zeros_(bias.weight)

    def forward(self, x: Tensor, view: View, *, asking: int | None = None) -> Tensor:
        """Map float[B, K, D] to float[B, Q, D].

        Args:
            x: the events that are asked; the last of them ask.
            view: what each of the asking events sees.
            asking: Q; None means all K.
        """
        B, K, D = x.shape
        q, k, v = self.project(x).view(B, K, 3, self.heads, self.width).permute(2, 0, 3, 1, 4)
        if asking is not None:
            q = q[:, :, -asking:]
        scores = self.score(q, k) + self._place_bias(view)  # B, H, Q, K
        if self.time_bias is not None and view.buckets is not None:
            scores = scores + bucket_bias(self.time_bias.weight, view.buckets)
        odds = scores.softmax(dim=-1)
        if self.span is not None:
            odds = self.span(odds, view.distance)
        mixed = odds @ v
        if self.gate is not None:
            mixed = self.gate(mixed, x if asking is None else x[:, -asking:])
        states: Tensor = self.output(mixed.transpose(1, 2).reshape(B, -1, D))
        return states

    def _place_bias(self, view: View) -> Tensor:
        """Return float[H, Q, K] or float[B, H, Q, K]; out of reach where an event is hidden."""
        farthest = self.position_bias.num_embeddings - 1
        bias: Tensor = self.position_bias(view.distance.clamp(0, farthest))
        if self.later_bias is not None:
            later = self.later_bias((-view.distance).clamp(0, farthest))
            bias = torch.where((view.distance < 0)[..., None], later, bias)
        return bias.permute(2, 0, 1) + torch.where(view.hidden, HIDDEN, 0.0)

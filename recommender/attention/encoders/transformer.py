"""Transformers over the events of a shopper: causal, or looking both ways.

Sources: causal self-attention over purchases, SASRec (Kang and McAuley, 2018, arXiv:1808.09781);
both ways with masked events, BERT4Rec (Sun et al., 2019, arXiv:1904.06690); pre-norm blocks (Xiong
et al., 2020, arXiv:2002.04745); SwiGLU (Shazeer, 2020, arXiv:2002.05202); segments,
Transformer-XL (Dai et al., 2019, arXiv:1901.02860).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recommender.attention.config import NetworkConfig
from recommender.attention.dropout import ByteDropout
from recommender.attention.encoders.attention import Attention, View
from recommender.attention.encoders.buckets import time_bucket
from recommender.attention.encoders.frequency import Frequency


class Transformer(nn.Module):
    """Blocks of attention.

    Of several segments, counted from the oldest event, each event sees its own and the one before,
    whose states take no gradient. Training walks from segment to segment; a graph that is exported
    does not know how many there are, and hides what is farther away instead: the same states.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.history = config.history
        self.has_segments = config.segments > 1
        self.looks_ahead = config.encoder == "bidirectional"
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.timed = config.timed

    def forward(
        self, x: Tensor, ages: Tensor, lengths: Tensor | None, *, newest: bool = False
    ) -> Tensor:
        """Map float[B, T, D] to float[B, T, D], or to float[B, 1, D] for the ``newest`` event."""
        if self.has_segments and not torch.compiler.is_exporting():
            states = self._by_segment(x, ages)
            return states[:, -1:] if newest else states
        view = self._view(ages, lengths)
        for number, block in enumerate(self.blocks, start=1):
            x = block(x, view, newest=newest and number == len(self.blocks))
        return x

    def _by_segment(self, x: Tensor, ages: Tensor) -> Tensor:
        """Return float[B, T, D], one segment after the other."""
        memories: list[Tensor | None] = [None] * len(self.blocks)
        done = []
        for start in range(0, x.shape[1], self.history):
            states = x[:, start : start + self.history]
            first = max(0, start - self.history)
            view = self._view(ages[:, first : start + self.history], None, first=start - first)
            for number, block in enumerate(self.blocks):
                memory, memories[number] = memories[number], states.detach()
                states = block(states, view, memory=memory)
            done.append(states)
        return torch.cat(done, dim=1)

    def _view(self, ages: Tensor, lengths: Tensor | None, *, first: int = 0) -> View:
        """Return what the events from ``first`` on see of all of them; ``ages`` is float[B, K]."""
        steps = torch.arange(ages.shape[1], device=ages.device)
        distance = steps[first:, None] - steps  # Q, K
        hidden = distance < 0
        if self.looks_ahead and lengths is None:
            hidden = torch.zeros_like(hidden)
        elif self.looks_ahead and lengths is not None:
            hidden = steps >= lengths[:, None, None, None]
        elif self.has_segments:
            segments = steps // self.history
            hidden = hidden | (segments[first:, None] - segments > 1)
        buckets = None
        if self.timed:
            between = ages[:, None, :] - ages[:, first:, None]  # B, Q, K
            buckets = time_bucket(between.abs() if self.looks_ahead else between)
        return View(distance, hidden, buckets)


class Block(nn.Module):
    """Pre-norm attention, then pre-norm SwiGLU, each added to its input.

    With a frequency branch, its share replaces that much of attention.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.d, bias=False)
        self.attention = Attention(config)
        self.forward_norm = nn.LayerNorm(config.d, bias=False)
        self.feed_forward = SwiGLU(config.d, config.d * config.expansion)
        self.drop = ByteDropout(config.dropout)
        self.share = config.frequency
        self.frequency = Frequency(config.d, config.history) if config.frequency else None

    def forward(
        self, x: Tensor, view: View, *, memory: Tensor | None = None, newest: bool = False
    ) -> Tensor:
        """Map float[B, T, D] to float[B, T, D], or to float[B, 1, D] for the ``newest`` event.

        Args:
            x: states of the events.
            view: what the asking events see of ``memory`` and ``x``.
            memory: float[B, M, D], states of earlier events, which are asked and do not ask.
            newest: only the newest event asks.
        """
        asking = 1 if newest else None if memory is None else x.shape[1]
        normed = self.attention_norm(x if memory is None else torch.cat([memory, x], dim=1))
        mixed = self.attention(normed, view.newest() if newest else view, asking=asking)
        if self.frequency is not None:
            passed = self.frequency(normed)
            passed = passed if asking is None else passed[:, -asking:]
            mixed = (1 - self.share) * mixed + self.share * passed
        x = (x[:, -1:] if newest else x) + self.drop(mixed)
        states: Tensor = x + self.drop(self.feed_forward(self.forward_norm(x)))
        return states


class SwiGLU(nn.Module):
    """Gated feed-forward layer: ``(silu(x A) * x B) C``."""

    def __init__(self, d: int, hidden: int) -> None:
        super().__init__()
        self.enter = nn.Linear(d, 2 * hidden, bias=False)
        self.leave = nn.Linear(hidden, d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map float[..., D] to float[..., D]."""
        gate, value = self.enter(x).chunk(2, dim=-1)
        result: Tensor = self.leave(nn.functional.silu(gate) * value)
        return result

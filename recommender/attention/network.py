"""The recall encoder: a causal transformer over the events of a shopper.

References: causal self-attention over purchases, SASRec (Kang and McAuley, 2018, arXiv:1808.09781);
pre-norm blocks (Xiong et al., 2020, arXiv:2002.04745); SwiGLU
(Shazeer, 2020, arXiv:2002.05202); additive biases by relative position (Raffel et al., 2020,
arXiv:1910.10683) and by relative time in logarithmic buckets (Zhai et al., 2024, arXiv:2402.17152).

The attention is written out (matmul, softmax, matmul): the fused operator does not export to ONNX
with a dynamic length.

Shapes: B sequences, T events, D width, H heads, N items, K negatives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from recommender.attention.dropout import ByteDropout

TIME_BUCKETS = 28  # log2 of seconds: the last bucket begins at about four years


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Size and inputs of the encoder.

    Attributes:
        n: number of items.
        d: width of a product vector and of the state.
        layers: blocks.
        heads: attention heads; divides ``d``.
        history: newest events that are read.
        expansion: width of the feed-forward layer relative to ``d``.
        dropout: share of activations dropped in training.
        timed: whether events have a clock; without one, time gaps are not an input.
    """

    n: int
    d: int = 64
    layers: int = 2
    heads: int = 2
    history: int = 50
    expansion: int = 2
    dropout: float = 0.3
    timed: bool = True

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the encoder reads of an event."""
        return ("product", "position", "gap") if self.timed else ("product", "position")


PRESETS: dict[str, NetworkConfig] = {
    "small": NetworkConfig(n=0),
    "base": NetworkConfig(n=0, d=128, heads=4, history=100),
    "large": NetworkConfig(n=0, d=256, layers=4, heads=8, history=200, expansion=3),
}


def preset(name: str, *, n: int, dropout: float, timed: bool) -> NetworkConfig:
    """Return the named configuration for a catalog of ``n`` items.

    Raises:
        ValueError: no such preset.
    """
    if name not in PRESETS:
        raise ValueError(f"preset {name!r} is not one of {', '.join(PRESETS)}")
    return replace(PRESETS[name], n=n, dropout=dropout, timed=timed)


class RecallNetwork(nn.Module):
    """Product table and encoder. One table serves as input and output (tied embeddings)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.table = nn.Embedding(config.n, config.d)
        self.encoder = Encoder(config)
        nn.init.normal_(self.table.weight, std=config.d**-0.5)

    def forward(self, items: Tensor, ages: Tensor, lengths: Tensor) -> Tensor:
        """Return float[B, T, D]: the state after each event.

        Args:
            items: int64[B, T], oldest first, padded at the right with any item.
            ages: float[B, T], seconds before the newest event of the row.
            lengths: int64[B], real events of each row.
        """
        states: Tensor = self.encoder(self.table(items), ages, lengths)
        return states

    @torch.no_grad()
    def last_states(self, items: Tensor, ages: Tensor, lengths: Tensor) -> Tensor:
        """Return float[B, D]: the state after the last real event of each row."""
        states = self(items, ages, lengths)
        index = (lengths - 1)[:, None, None].expand(-1, 1, states.shape[-1])
        newest: Tensor = states.gather(1, index)[:, 0]
        return newest


class Encoder(nn.Module):
    """Vectors of the events -> states; the part that is exported to ONNX."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.position = nn.Embedding(config.history, config.d)
        self.gap = nn.Embedding(TIME_BUCKETS, config.d) if config.timed else None
        self.drop = ByteDropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.d, bias=False)
        self.scale = config.d**0.5
        nn.init.normal_(self.position.weight, std=0.02)
        if self.gap is not None:
            nn.init.normal_(self.gap.weight, std=0.02)

    def forward(
        self,
        vectors: Tensor,
        ages: Tensor,
        lengths: Tensor | None = None,
        *,
        newest: bool = False,
    ) -> Tensor:
        """Return float[B, T, D], the state after each event.

        Args:
            vectors: float[B, T, D], vectors of the products, oldest event first.
            ages: float[B, T], seconds before the newest event of the row.
            lengths: int64[B], real events of each row; None means that nothing is padded.
            newest: return float[B, 1, D], the state after the newest event alone; the last block
                then computes no other.
        """
        T = vectors.shape[1]
        steps = torch.arange(T, device=vectors.device)
        from_end = T - 1 - steps  # positions count from the newest event
        if lengths is not None:
            from_end = (lengths[:, None] - 1 - steps).clamp(min=0)
        x = vectors * self.scale + self.position(from_end)
        buckets = None
        if self.gap is not None:
            previous = torch.cat([ages[:, :1], ages[:, :-1]], dim=1)
            x = x + self.gap(time_bucket(previous - ages))
            buckets = time_bucket(ages[:, None, :] - ages[:, :, None])  # B, T(query), T(key)
        x = self.drop(x)
        for number, block in enumerate(self.blocks, start=1):
            x = block(x, buckets, newest=newest and number == len(self.blocks))
        states: Tensor = self.norm(x)
        return states


class Block(nn.Module):
    """Pre-norm attention, then pre-norm SwiGLU, each added to its input."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.d, bias=False)
        self.attention = Attention(config)
        self.forward_norm = nn.LayerNorm(config.d, bias=False)
        self.feed_forward = SwiGLU(config.d, config.d * config.expansion)
        self.drop = ByteDropout(config.dropout)

    def forward(self, x: Tensor, buckets: Tensor | None, *, newest: bool = False) -> Tensor:
        """Map float[B, T, D] to float[B, T, D], or to float[B, 1, D] for the newest event."""
        mixed = self.attention(self.attention_norm(x), buckets, newest=newest)
        x = (x[:, -1:] if newest else x) + self.drop(mixed)
        states: Tensor = x + self.drop(self.feed_forward(self.forward_norm(x)))
        return states


class Attention(nn.Module):
    """Causal self-attention with learned biases by relative position and relative time."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.width = config.d // config.heads
        self.project = nn.Linear(config.d, 3 * config.d, bias=False)
        self.output = nn.Linear(config.d, config.d, bias=False)
        self.position_bias = nn.Embedding(config.history, config.heads)
        self.time_bias = nn.Embedding(TIME_BUCKETS, config.heads) if config.timed else None
        nn.init.zeros_(self.position_bias.weight)
        if self.time_bias is not None:
            nn.init.zeros_(self.time_bias.weight)

    def forward(self, x: Tensor, buckets: Tensor | None, *, newest: bool = False) -> Tensor:
        """Map float[B, T, D] to float[B, Q, D]; ``buckets`` is int64[B, T, T] or None.

        Q is T, or 1 when only the ``newest`` event asks.
        """
        B, T, D = x.shape
        q, k, v = self.project(x).view(B, T, 3, self.heads, self.width).permute(2, 0, 3, 1, 4)
        steps = torch.arange(T, device=x.device)
        asking = steps
        if newest:
            q, asking = q[:, :, -1:], steps[-1:]
            buckets = None if buckets is None else buckets[:, -1:]
        scores = q @ k.transpose(-1, -2) * self.width**-0.5  # B, H, Q, T
        distance = asking[:, None] - steps[None, :]  # Q, T
        bias = self.position_bias(distance.clamp(min=0)).permute(2, 0, 1)
        scores = scores + bias + torch.where(distance < 0, -1e9, 0.0)
        if self.time_bias is not None and buckets is not None:
            scores = scores + self.time_bias(buckets).permute(0, 3, 1, 2)
        mixed = (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(B, -1, D)
        states: Tensor = self.output(mixed)
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


def time_bucket(seconds: Tensor) -> Tensor:
    """Return int64 buckets 0..TIME_BUCKETS-1 of elapsed seconds, one per doubling."""
    return torch.log2(seconds.clamp(min=0) + 1).floor().long().clamp(max=TIME_BUCKETS - 1)

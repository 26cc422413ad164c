"""Elapsed seconds as buckets, and a learned bias for each bucket.

Reference: relative time in logarithmic buckets, Zhai et al., 2024, arXiv:2402.17152.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

TIME_BUCKETS = 28  # log2 of seconds: the last bucket begins at about four years
DWELL_BUCKETS = 14  # the last begins at about two hours


def time_bucket(seconds: Tensor, count: int = TIME_BUCKETS) -> Tensor:
    """Return int64 buckets 0..count-1 of seconds, one per doubling."""
    return torch.log2(seconds.clamp(min=0) + 1).floor().long().clamp(max=count - 1)


def bucket_bias(table: Tensor, buckets: Tensor) -> Tensor:
    """Return float[B, H, Q, K], the row of ``table`` (float[N, H]) for each of ``buckets``.

    On a CPU the gradient is counted per bucket: the general one of an embedding takes half of a
    training step when histories are long.
    """
    if not torch.is_grad_enabled() or table.device.type != "cpu":
        return nn.functional.embedding(buckets, table).permute(0, 3, 1, 2)
    apply: Callable[..., Tensor] = _BucketBias.apply
    return apply(table, buckets)


class _BucketBias(torch.autograd.Function):
    """A lookup of few rows by many indices."""

    @staticmethod
    def forward(
        ctx: Any,
        table: Tensor,  # N, H
        buckets: Tensor,  # B, Q, K
    ) -> Tensor:
        ctx.save_for_backward(buckets)
        ctx.rows = len(table)
        return nn.functional.embedding(buckets, table).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients  # B, H, Q, K
        (buckets,) = ctx.saved_tensors
        flat = buckets.reshape(-1)
        counted = [
            torch.bincount(flat, weights=gradient[:, head].reshape(-1), minlength=ctx.rows)
            for head in range(gradient.shape[1])
        ]
        return torch.stack(counted, dim=1).to(gradient.dtype), None

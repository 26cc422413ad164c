"""Windows with hidden events, for an encoder that reads in both directions.

Reference: BERT4Rec (Sun et al., 2019, arXiv:1904.06690).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recommender.attention.dataset import Batch
from recommender.attention.inputs import Events

NEWEST_ALONE = 0.5
"""Share of the rows in which only the newest event is hidden, as when serving."""


def hide(batch: Batch, *, mask: int, share: float, generator: np.random.Generator) -> Batch:
    """Return windows one event longer, with what is hidden as the targets.

    The newest event of a row, the last target of ``batch``, is always hidden, with its time: it
    takes that of the event before it, for when serving nobody knows when the next event will come.
    Of an event that is hidden, kind and dwell are 0. The first event of a window is never hidden.

    Args:
        batch: windows whose targets are the events that follow.
        mask: item that stands for a hidden one.
        share: of the other targets, how many are hidden.
        generator: source of what is hidden.
    """
    events, real = batch.events, _after(batch.real)
    B, T = real.shape
    is_newest = torch.arange(T)[None] == events.lengths[:, None]
    drawn = torch.from_numpy(generator.random((B, T)) < share)
    drawn &= torch.from_numpy(generator.random((B, 1)) >= NEWEST_ALONE)
    hidden = real & (drawn | is_newest)
    items = torch.cat([events.items[:, :1], batch.targets], dim=1)
    kinds, dwell = events.kinds, events.dwell
    return Batch(
        events=Events(
            items=items.masked_fill(hidden, mask),
            ages=_before(events.ages),
            lengths=events.lengths + 1,
            kinds=None if kinds is None else _before(kinds).masked_fill(hidden, 0),
            dwell=None if dwell is None else _before(dwell).masked_fill(hidden, 0.0),
        ),
        targets=items,
        real=hidden,
        weights=_after(batch.weights),
        ends=batch.ends,
    )


def _after(tensor: Tensor) -> Tensor:
    """Move [B, T] one step to the newer end: [B, T + 1], zeros in the first column."""
    return torch.cat([torch.zeros_like(tensor[:, :1]), tensor], dim=1)


def _before(tensor: Tensor) -> Tensor:
    """Return [B, T + 1]: [B, T] and a column of zeros."""
    return torch.cat([tensor, torch.zeros_like(tensor[:, :1])], dim=1)

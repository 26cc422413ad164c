"""Histories that led to the same product are alike, others are not.

References: DuoRec (Qiu et al., 2022, arXiv:2110.05730) takes two histories with the same next item
as two views of one thing; ICSRec (Qin et al., 2023, arXiv:2310.09318) reads what they share as the
intent behind it. The loss is the normalized cross-entropy of SimCLR (Chen et al., 2020,
arXiv:2002.05709).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

TEMPERATURE = 0.1


def contrastive(first: Tensor, second: Tensor, items: Tensor) -> Tensor:
    """Return the mean cross-entropy of finding each state's companion among all, a scalar.

    Other rows with the same item are neither right nor wrong: they are left out.

    Args:
        first: float[B, D], states of histories.
        second: float[B, D], states of other histories that led to the same items.
        items: int64[B], what they led to.
    """
    count = len(items)
    states = functional.normalize(torch.cat([first, second]), dim=1)
    scores = states @ states.T / TEMPERATURE  # 2B, 2B
    labels = torch.cat([items, items])
    places = torch.arange(2 * count, device=items.device)
    companions = (places + count) % (2 * count)
    is_excluded = labels[:, None] == labels[None]
    is_excluded[places, companions] = False
    return functional.cross_entropy(scores.masked_fill(is_excluded, -1e9), companions)

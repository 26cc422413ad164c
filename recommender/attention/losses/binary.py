"""Right or wrong, item by item: binary cross-entropy, plain and calibrated.

References: SASRec (Kang and McAuley, 2018, arXiv:1808.09781) asks of the right item and of sampled
wrong ones each whether it is right. Since few wrong ones are asked for, the network becomes too
sure; gSASRec (Petrov and Macdonald, 2023, arXiv:2308.07192) raises the probability of the right
item to a power that makes up for it. The logarithm of a sigmoid is taken at once, so that no
probability is rounded to 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from recommender.attention.losses.averages import weighted_mean
from recommender.attention.losses.sampled_softmax import accidental_hits

EXCLUDED = -1e9


def calibrating_power(*, n: int, negatives: int, calibration: float) -> float:
    """Return beta of gSASRec: ``a (t (1 - 1/a) + 1/a)`` with ``a = negatives / (n - 1)``.

    Args:
        n: number of items.
        negatives: wrong items asked for with each right one.
        calibration: t; 0 gives 1, the plain loss, and 1 gives a, whose scores are as sure as those
            of a network that was asked for every item.
    """
    rate = negatives / max(n - 1, 1)
    return rate * (calibration * (1 - 1 / rate) + 1 / rate)


def binary_cross_entropy(
    states: Tensor,
    targets: Tensor,
    negatives: Tensor,
    vectors: Callable[[Tensor], Tensor],
    *,
    power: float = 1.0,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the mean loss of the targets and their negatives, a scalar.

    A negative that happens to be the target of a row is left out of that row.

    Args:
        states: float[M, D].
        targets: int64[M].
        negatives: int64[K], shared by all targets, or int64[M, K], each target's own.
        vectors: maps int64[m] to float[m, D], the product vectors.
        power: of the right item's probability, see `calibrating_power`; 1 for the plain loss.
        weights: float[M], weight of each target; None means 1.
    """
    count = len(targets)
    found = vectors(torch.cat([targets, negatives.flatten()]))
    right, wrong = found[:count], found[count:]
    if negatives.dim() == 1:
        scores = states @ wrong.T  # M, K
        hits = accidental_hits(targets, negatives)
        scores = scores.index_put(hits, scores.new_full((), EXCLUDED))
    else:
        scores = (wrong.view(*negatives.shape, -1) @ states[:, :, None])[:, :, 0]
        scores = scores.masked_fill(negatives == targets[:, None], EXCLUDED)
    answer = (states * right).sum(dim=1)
    losses = power * functional.softplus(-answer) + functional.softplus(scores).sum(dim=1)
    return weighted_mean(losses / (1 + scores.shape[1]), weights)

"""Squared error: the right item should score 1, all others 0.

Reference: implicit feedback by least squares (Hu, Koren and Volinsky, 2008, ICDM, "Collaborative
Filtering for Implicit Feedback Datasets"); that the squared scores of all items are
``s' (V' V) s``, so that no single one is computed, is theirs too. Here V are sampled items and s
is the state of a network instead of a row that is solved for.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from recommender.attention.losses.averages import weighted_mean


def squared_error(
    states: Tensor,
    targets: Tensor,
    negatives: Tensor,
    vectors: Callable[[Tensor], Tensor],
    *,
    doubt: float,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the mean of ``(1 - s.v)^2 + doubt * mean_k (s.v_k)^2``, a scalar.

    The target of a row is not left out of its negatives: it is one in many, and the first term
    outweighs it.

    Args:
        states: float[M, D].
        targets: int64[M].
        negatives: int64[K], drawn evenly, shared by all targets.
        vectors: maps int64[m] to float[m, D], the product vectors.
        doubt: weight of the wrong items, all together.
        weights: float[M], weight of each target; None means 1.
    """
    found = vectors(torch.cat([targets, negatives]))
    right, wrong = found[: len(targets)], found[len(targets) :]
    answer = (states * right).sum(dim=1)
    gram = wrong.T @ wrong / len(negatives)  # D, D
    others = ((states @ gram) * states).sum(dim=1)
    return weighted_mean((1 - answer).square() + doubt * others, weights)

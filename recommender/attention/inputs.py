"""What a network reads: rows of events, oldest first."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Events(NamedTuple):
    """B rows of T events, oldest first, padded at the right.

    Attributes:
        items: int64[B, T]; padding may hold any item. The index n (the number of items) stands for
            the learned mask of a bidirectional encoder.
        ages: float[B, T], seconds before the newest event of the row.
        lengths: int64[B], real events of each row.
        kinds: int64[B, T], codes of `recommender.events.kinds`; None when the network reads none.
        dwell: float[B, T], seconds the product was looked at; None when the network reads none.
    """

    items: Tensor
    ages: Tensor
    lengths: Tensor
    kinds: Tensor | None = None
    dwell: Tensor | None = None

"""Popularity: how much weight of recent events a product has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.baselines.sequences import Sequences


@dataclass(frozen=True, slots=True)
class Popularity:
    """Share of each item in all events, older events counting less.

    Attributes:
        shares: float32[n], sums to 1; zeros when there was no event.
    """

    shares: npt.NDArray[np.float32]
    name: str = "popularity"

    @classmethod
    def fit(cls, events: Sequences, *, half_life: float | None = None) -> Popularity:
        """Count events.

        Args:
            events: the training events.
            half_life: seconds after which an event counts half, measured from the newest event;
                None counts all alike.
        """
        weights = events.weights.astype(np.float64)
        if half_life is not None and len(events.times):
            weights = weights * np.exp2((events.times - events.times.max()) / half_life)
        totals = np.bincount(events.items, weights=weights, minlength=events.n)
        whole = totals.sum()
        return cls((totals / whole if whole > 0 else totals).astype(np.float32))

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: the same shares for everybody."""
        return np.broadcast_to(self.shares, (len(histories.offsets) - 1, len(self.shares)))

"""Popularity of the last days: what everybody wants now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.baselines.popularity import Popularity
from recommender.baselines.sequences import Sequences

WEEK = 7 * 86_400


@dataclass(frozen=True, slots=True)
class RecentPopularity:
    """Share of each item in the events of a window of time.

    ``score(i) = w_i / sum_j w_j``, w the event weight inside the window. In data without a clock
    positions stand for times (see `recommender.training.protocol`), so every event falls into the
    window and the shares are those of all time.

    Attributes:
        shares: float32[n], sums to 1; zeros when there was no event.
    """

    shares: npt.NDArray[np.float32]
    name: str = "popularity-7-days"

    @classmethod
    def fit(cls, events: Sequences, *, window: float = WEEK) -> RecentPopularity:
        """Count the events of the window.

        Args:
            events: the training events.
            window: seconds before the newest event that count.
        """
        if not len(events.times):
            return cls(Popularity.fit(events).shares)
        recent = events.times >= events.times.max() - window
        totals = np.bincount(
            events.items[recent], weights=events.weights[recent], minlength=events.n
        )
        whole = totals.sum()
        return cls((totals / whole if whole > 0 else totals).astype(np.float32))

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: the same shares for everybody, read-only."""
        return np.broadcast_to(self.shares, (len(histories.offsets) - 1, len(self.shares)))

"""Scores of a few products among many, without an array as long as the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Items = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class Tally(NamedTuple):
    """Products with a score; every other product has none.

    Attributes:
        items: int64[m], ascending, each once.
        scores: float32[m].
    """

    items: Items
    scores: Floats

    def without(self, barred: Items) -> Tally:
        """Return the tally less the items of ``barred``."""
        if len(barred) == 0 or len(self.items) == 0:
            return self
        kept = ~np.isin(self.items, barred)
        return Tally(self.items[kept], self.scores[kept])

    def best(self, count: int) -> Items:
        """Return the items of the ``count`` largest scores above 0, in no order."""
        found = self.items[self.scores > 0]
        if len(found) <= count:
            return found
        largest: Items = self.items[np.argpartition(-self.scores, count - 1)[:count]]
        return largest

    def odds(self, items: Items) -> Floats:
        """Return float32[k]: the share of each of ``items`` in the sum of all scores."""
        total = float(self.scores.sum())
        if total <= 1e-12:
            return np.zeros(len(items), dtype=np.float32)
        place = np.minimum(np.searchsorted(self.items, items), len(self.items) - 1)
        met: Floats = self.scores[place] * (self.items[place] == items)
        return met / np.float32(total)


def tally(items: Sequence[npt.NDArray[np.integer]], scores: Sequence[Floats]) -> Tally:
    """Sum scores by item.

    Args:
        items: int[m] each; an item may come often.
        scores: float32[m] each, of the same lengths.
    """
    if not items:
        return Tally(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    found, place = np.unique(np.concatenate(items), return_inverse=True)
    sums = np.bincount(place, np.concatenate(scores), minlength=len(found))
    return Tally(found.astype(np.int64, copy=False), sums.astype(np.float32))

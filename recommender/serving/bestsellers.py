"""The products most in demand, as a table that is read from the top."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class PopularTable:
    """Popularity of each product, and the order from the most to the least popular.

    Attributes:
        shares: float32[n].
    """

    def __init__(self, shares: npt.NDArray[np.float32]) -> None:
        self.shares = shares
        self._order = np.argsort(-shares, kind="stable").astype(np.int64)
        self._total = float(shares.sum(dtype=np.float64))

    def most(
        self, count: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.int64]:
        """Return the ``count`` most popular items of those allowed (bool[n]), best first."""
        if allowed is None:
            return self._order[:count]
        read = 2 * count
        while True:
            head = self._order[:read]
            found = head[allowed[head]]
            if len(found) >= count or read >= len(self._order):
                return found[:count]
            read *= 4

    def odds(
        self, items: npt.NDArray[np.int64], withheld: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Return float32[m]: shares of ``items`` among all products but the withheld ones."""
        total = self._total - float(self.shares[withheld].sum(dtype=np.float64))
        if total <= 1e-12:
            return np.zeros(len(items), dtype=np.float32)
        return self.shares[items] / np.float32(total)

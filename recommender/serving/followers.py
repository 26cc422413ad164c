"""Which products followed which: the mapped transition rows and how a history is read with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class FollowerTable:
    """Transition rows as CSR arrays: row i lists the products that followed product i.

    Attributes:
        n: number of items.
        history: newest events of a shopper that are followed.
        decay: weight of an event relative to the next newer one.
    """

    def __init__(
        self,
        *,
        indptr: npt.NDArray[np.int64],
        indices: npt.NDArray[np.int32],
        data: npt.NDArray[np.float32],
        history: int,
        decay: float,
    ) -> None:
        self._indptr, self._indices, self._data = indptr, indices, data
        self.n = len(indptr) - 1
        self.history, self.decay = history, decay

    def row(self, item: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return the followers of an item, ascending, and their scores."""
        start, end = self._indptr[item], self._indptr[item + 1]
        return self._indices[start:end], self._data[start:end]

    def scores(self, items: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return float32[n]: decayed sum of the rows of the newest of ``items``."""
        total = np.zeros(self.n, dtype=np.float32)
        for age, item in enumerate(items[: -self.history - 1 : -1]):
            followers, scores = self.row(item)
            total[followers] += np.float32(self.decay**age) * scores
        return total

    def sources(
        self, items: npt.NDArray[np.int64], answers: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int32]:
        """Return int32[k]: the place in ``items`` whose row gives each answer most; -1 if none.

        Args:
            items: int64[h], the history, oldest first.
            answers: int32[k].
        """
        best = np.zeros(len(answers), dtype=np.float32)
        sources = np.full(len(answers), -1, dtype=np.int32)
        for age, item in enumerate(items[: -self.history - 1 : -1]):
            followers, scores = self.row(item)
            if len(followers) == 0:
                continue
            place = np.searchsorted(followers, answers)
            place[place == len(followers)] = 0
            share = scores[place] * np.float32(self.decay**age)
            better = (followers[place] == answers) & (share > best)
            best[better] = share[better]
            sources[better] = len(items) - 1 - age
        return sources

"""Which products followed which: the mapped transition rows and how a history is read with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.serving.tally import Tally, tally


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

    def follow(self, items: npt.NDArray[np.int64]) -> Tally:
        """Return what followed the newest of ``items``: the decayed sum of their rows."""
        rows = self._rows(items)
        return tally([followers for followers, _ in rows], [scores for _, scores in rows])

    def sources(
        self, items: npt.NDArray[np.int64], answers: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int32]:
        """Return int32[k]: the place in ``items`` whose row gives each answer most; -1 if none.

        Args:
            items: int64[h], the history, oldest first.
            answers: int32[k].
        """
        rows = self._rows(items)
        if sum(len(followers) for followers, _ in rows) == 0:
            return np.full(len(answers), -1, dtype=np.int32)
        followers = np.concatenate([row[0] for row in rows])
        scores = np.concatenate([row[1] for row in rows])
        places = np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows])
        given = np.where(followers[None, :] == answers[:, None], scores[None, :], 0.0)
        best = given.argmax(axis=1)
        met = given[np.arange(len(answers)), best] > 0
        return np.where(met, len(items) - 1 - places[best], -1).astype(np.int32)

    def _rows(
        self, items: npt.NDArray[np.int64]
    ) -> list[tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]]:
        """Followers and decayed scores of the newest of ``items``, newest first."""
        rows = []
        for age, item in enumerate(items[: -self.history - 1 : -1].tolist()):
            followers, scores = self.row(item)
            rows.append((followers, scores * np.float32(self.decay**age)))
        return rows

"""Sequences of many shoppers as flat arrays: what every baseline fits on and scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequences:
    """Ordered events of s shoppers, oldest first.

    Attributes:
        n: number of items; indices are below it.
        offsets: int64[s+1], sequence i is ``offsets[i]:offsets[i + 1]``.
        items: int32[e].
        times: int64[e], seconds.
        weights: float32[e], how much an event counts.
        last_times: float64[e], time of the last event merged into each (see
            `recommender.serving.history.condense`).
        kinds: uint8[e], code of the event's kind; None when the data knows no kinds.
        dwell: float32[e], seconds the product was looked at; None when the data knows none.
    """

    n: int
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    last_times: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.uint8] | None = None
    dwell: npt.NDArray[np.float32] | None = None

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """int64[s]: events of each sequence."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> npt.NDArray[np.int64]:
        """int64[e]: the sequence of each event."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)

    @property
    def ages(self) -> npt.NDArray[np.int64]:
        """int64[e]: how many newer events the sequence has; the newest is 0."""
        ends = np.repeat(self.offsets[1:], self.lengths)
        return ends - 1 - np.arange(len(self.items))

    def take(self, rows: npt.NDArray[np.integer]) -> Sequences:
        """Return the sequences named by ``rows``, in that order."""
        return self.cut(self.offsets[:-1][rows], self.offsets[1:][rows])

    def cut(self, starts: npt.NDArray[np.integer], ends: npt.NDArray[np.integer]) -> Sequences:
        """Return sequences made of the event ranges ``starts[i]:ends[i]``."""
        lengths = np.asarray(ends) - np.asarray(starts)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        index = np.arange(offsets[-1]) + np.repeat(np.asarray(starts) - offsets[:-1], lengths)
        return Sequences(
            n=self.n,
            offsets=offsets,
            items=self.items[index],
            times=self.times[index],
            weights=self.weights[index],
            last_times=self.last_times[index],
            kinds=None if self.kinds is None else self.kinds[index],
            dwell=None if self.dwell is None else self.dwell[index],
        )

    def matrix(
        self, *, decay: float = 1.0, last: int | None = None, weighted: bool = False
    ) -> sparse.csr_matrix:
        """Return float32[s, n]: per shopper and item the sum of ``decay ** age``.

        Args:
            decay: weight of an event relative to the next newer one.
            last: count only that many newest events; None means all.
            weighted: multiply by the weight of the event.
        """
        ages, owners = self.ages, self.owners
        values = np.power(np.float32(decay), ages.astype(np.float32))
        if weighted:
            values = values * self.weights
        chosen = np.ones(len(ages), dtype=bool) if last is None else ages < last
        content = (values[chosen], (owners[chosen], self.items[chosen]))
        shape = (len(self.offsets) - 1, self.n)
        return sparse.csr_matrix(sparse.coo_matrix(content, shape=shape, dtype=np.float32))

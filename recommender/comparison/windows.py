"""Sequences as padded windows of items, for the small networks of this package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.baselines.sequences import Sequences


@dataclass(frozen=True, slots=True)
class Windows:
    """W windows of at most T events, padded at the right.

    Attributes:
        items: int64[W, T]; 0 on padding.
        weights: float32[W, T], of the events; 0 on padding.
        lengths: int64[W], real events of each.
    """

    items: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    lengths: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.integer]) -> Windows:
        """Return the windows named by ``rows``, cut to the longest of them."""
        longest = int(self.lengths[rows].max(initial=1))
        return Windows(self.items[rows, :longest], self.weights[rows, :longest], self.lengths[rows])

    def batches(self, size: int, chance: np.random.Generator) -> Iterator[Windows]:
        """Yield all windows once in random order, windows of similar length together."""
        order = np.argsort(self.lengths + chance.random(len(self.lengths)), kind="stable")
        starts = np.arange(0, len(order), size)
        for start in chance.permutation(starts):
            yield self.take(order[start : start + size])


def training_windows(events: Sequences, *, history: int) -> Windows:
    """Return windows of at most ``history`` + 1 events; each begins with the last one's last event.

    So every event of a sequence but its first has something before it in exactly one window.
    Sequences of one event give none.
    """
    pieces = -(-np.maximum(events.lengths - 1, 0) // history)
    owners = np.repeat(np.arange(len(pieces)), pieces)
    number = np.arange(len(owners)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    starts = events.offsets[:-1][owners] + number * history
    ends = np.minimum(starts + history + 1, events.offsets[1:][owners])
    return _pad(events, starts, ends)


def newest_windows(histories: Sequences, *, history: int) -> Windows:
    """Return the ``history`` newest events of each sequence, none left out."""
    ends = histories.offsets[1:]
    return _pad(histories, np.maximum(ends - history, histories.offsets[:-1]), ends)


def _pad(events: Sequences, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> Windows:
    lengths = ends - starts
    places = np.arange(int(lengths.max(initial=1)))
    real = places < lengths[:, None]
    index = np.where(real, starts[:, None] + places, 0)
    if not len(events.items):
        return Windows(index, np.zeros(index.shape, dtype=np.float32), lengths)
    items = np.where(real, events.items[index], 0).astype(np.int64)
    weights = np.where(real, events.weights[index], 0.0).astype(np.float32)
    return Windows(items, weights, lengths)

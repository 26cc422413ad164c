"""Sequences as training batches: windows of similar length, cut from flat arrays without loops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """B windows, padded at the right to the longest of them, T.

    Attributes:
        items: int64[B, T], what is read.
        ages: float32[B, T], seconds before the last event that is read.
        lengths: int64[B], real events of each row.
        targets: int64[B, T], the item that follows each event.
        real: bool[B, T], false on padding.
        weights: float32[B, T], weight of each target.
    """

    items: Tensor
    ages: Tensor
    lengths: Tensor
    targets: Tensor
    real: Tensor
    weights: Tensor


class SequenceDataset:
    """Training windows of flat sequences.

    A sequence longer than the history becomes several windows, so that every event but the first
    is a target exactly once.
    """

    def __init__(
        self,
        *,
        offsets: npt.NDArray[np.int64],
        items: npt.NDArray[np.int32],
        times: npt.NDArray[np.int64],
        weights: npt.NDArray[np.float32],
        history: int,
    ) -> None:
        """Cut the windows.

        Args:
            offsets: int64[s+1], sequence i is ``offsets[i]:offsets[i + 1]``.
            items: int32[e].
            times: int64[e], seconds, ascending inside a sequence.
            weights: float32[e].
            history: events the network reads at most.
        """
        self._items, self._times, self._weights = items, times, weights
        lengths = np.diff(offsets)
        pieces = -(-np.maximum(lengths - 1, 0) // history)  # windows of each sequence
        owner = np.repeat(np.arange(len(lengths)), pieces)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        ends = offsets[1:][owner] - 1 - number * history  # position of the last target
        self.starts = np.maximum(ends - history, offsets[:-1][owner])
        self.lengths = ends - self.starts  # events read; as many targets

    @property
    def targets(self) -> int:
        """How many targets one epoch has."""
        return int(self.lengths.sum())

    def __len__(self) -> int:
        return len(self.starts)

    def batches(
        self, size: int, generator: np.random.Generator, *, skip: int = 0
    ) -> Iterator[Batch]:
        """Yield all windows once, in random order, windows of similar length together.

        Args:
            size: windows in a batch.
            generator: source of the order.
            skip: leading batches to leave out, when an epoch is resumed.
        """
        blurred = self.lengths + generator.random(len(self.lengths)) * 2
        order = np.argsort(blurred, kind="stable")
        starts = np.arange(0, len(order), size)
        for start in generator.permutation(starts)[skip:]:
            yield self._batch(order[start : start + size])

    def _batch(self, rows: npt.NDArray[np.int64]) -> Batch:
        lengths = self.lengths[rows]
        steps = np.arange(lengths.max())
        real = steps[None] < lengths[:, None]  # B, T
        index = self.starts[rows][:, None] + np.minimum(steps[None], lengths[:, None] - 1)
        last = self._times[self.starts[rows] + lengths - 1]
        return Batch(
            items=torch.from_numpy(self._items[index].astype(np.int64)),
            ages=torch.from_numpy((last[:, None] - self._times[index]).astype(np.float32)),
            lengths=torch.from_numpy(lengths),
            targets=torch.from_numpy(self._items[index + 1].astype(np.int64)),
            real=torch.from_numpy(real),
            weights=torch.from_numpy(self._weights[index + 1] * real),
        )


def last_windows(
    *,
    offsets: npt.NDArray[np.int64],
    items: npt.NDArray[np.int32],
    times: npt.NDArray[np.int64],
    rows: npt.NDArray[np.integer],
    history: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the newest events of the named sequences, padded at the right.

    Args:
        offsets, items, times: flat sequences as in `SequenceDataset`.
        rows: int[b], sequences, each with at least one event.
        history: events at most.

    Returns:
        items int64[b, T], ages float32[b, T] before the newest event, lengths int64[b].
    """
    ends = offsets[1:][rows]
    lengths = np.minimum(ends - offsets[:-1][rows], history)
    steps = np.arange(lengths.max())
    index = (ends - lengths)[:, None] + np.minimum(steps[None], lengths[:, None] - 1)
    ages = (times[ends - 1][:, None] - times[index]).astype(np.float32)
    return (
        torch.from_numpy(items[index].astype(np.int64)),
        torch.from_numpy(ages),
        torch.from_numpy(lengths),
    )

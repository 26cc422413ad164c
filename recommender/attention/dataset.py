"""Sequences as training batches: windows of similar length, cut from flat arrays without loops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recommender.attention.config import NetworkConfig
from recommender.attention.inputs import Events
from recommender.baselines.sequences import Sequences

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """B windows, padded at the right to the longest of them, T.

    Attributes:
        events: what is read.
        targets: int64[B, T], the item to be found at each event.
        real: bool[B, T], where there is one to be found; false on padding.
        weights: float32[B, T], weight of each target.
        ends: int64[B], place in the flat arrays of the last target of each row.
    """

    events: Events
    targets: Tensor
    real: Tensor
    weights: Tensor
    ends: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on ``device``; to an accelerator it goes from pinned memory."""
        if device.type == "cpu":
            return self
        others = (self.targets, self.real, self.weights, self.ends)
        return Batch(events_on(self.events, device), *(_sent(each, device) for each in others))


class _Windows(NamedTuple):
    """Windows of flat sequences: ``lengths`` events are read from ``starts``, int64[w] each."""

    starts: Indices
    lengths: Indices


class SequenceDataset:
    """Training windows of sequences, as a network reads them."""

    def __init__(self, sequences: Sequences, config: NetworkConfig) -> None:
        """Keep what the network reads of the sequences.

        Args:
            sequences: the training events.
            config: of the network; tells how many events it reads, and what of each.
        """
        self._sequences, self._config = sequences, config
        self._positions = _pieces(sequences.offsets, config.window)
        self._occurrences: _Occurrences | None = None

    @property
    def targets(self) -> int:
        """How many targets one epoch has, however they are sampled."""
        return int(self._positions.lengths.sum())

    @property
    def items(self) -> Tensor:
        """int64[m]: the distinct items of all events, ascending."""
        return torch.from_numpy(np.unique(self._sequences.items).astype(np.int64))

    def __len__(self) -> int:
        return self.count("positions")

    def count(self, samples: str) -> int:
        """Return how many windows an epoch has: see `batches`."""
        return len(self._positions.starts) if samples == "positions" else self.targets

    def batches(
        self,
        size: int,
        generator: np.random.Generator,
        *,
        skip: int = 0,
        samples: str = "positions",
    ) -> Iterator[Batch]:
        """Yield all windows once, in random order, windows of similar length together.

        Every event but the first of a sequence is a target exactly once. As "positions" a sequence
        is cut into windows, and each event of a window has the next one as its target (as SASRec
        is trained, arXiv:1808.09781). As "prefixes" every target has a window of its own, full of
        what came before it, and is asked for at its end alone: as when serving, at many times the
        cost (Tan et al., 2016, arXiv:1606.08117).

        Args:
            size: windows in a batch.
            generator: source of the order.
            skip: leading batches to leave out, when an epoch is resumed.
            samples: one of `recommender.attention.settings.SAMPLES`.
        """
        windows = self._positions
        if samples == "prefixes":
            windows = _prefixes(self._sequences.offsets, self._config.window)
        blurred = windows.lengths + generator.random(len(windows.lengths)) * 2
        order = np.argsort(blurred, kind="stable")
        starts = np.arange(0, len(order), size)
        for start in generator.permutation(starts)[skip:]:
            rows = order[start : start + size]
            batch = _Windows(windows.starts[rows], windows.lengths[rows])
            yield self._batch(batch, last_alone=samples == "prefixes")

    def companions(self, batch: Batch, generator: np.random.Generator) -> Events:
        """Return what came before another event with the last target of each row of ``batch``.

        As many events are read as the longest row of the batch has: with the longest histories
        among B, padding would cost more than all the rest.

        Args:
            batch: rows whose last targets are looked for elsewhere.
            generator: draws among the other events; where there is none it is the same event.
        """
        if self._occurrences is None:
            self._occurrences = _Occurrences.of(self._sequences)
        others = self._occurrences.others(batch.ends.numpy(), generator)
        sequences = np.searchsorted(self._sequences.offsets, others, side="right") - 1
        longest = int(batch.events.lengths.max())
        starts = np.maximum(self._sequences.offsets[sequences], others - longest)
        return read_events(self._sequences, self._config, starts, others - starts)

    def _batch(self, windows: _Windows, *, last_alone: bool) -> Batch:
        starts, lengths = windows
        steps = np.arange(lengths.max())
        real = steps[None] < lengths[:, None]  # B, T
        index = starts[:, None] + np.minimum(steps[None], lengths[:, None] - 1) + 1
        if last_alone:
            real = steps[None] == lengths[:, None] - 1
        return Batch(
            events=read_events(self._sequences, self._config, starts, lengths),
            targets=torch.from_numpy(self._sequences.items[index].astype(np.int64)),
            real=torch.from_numpy(real),
            weights=torch.from_numpy(self._sequences.weights[index] * real),
            ends=torch.from_numpy(starts + lengths),
        )


class _Occurrences(NamedTuple):
    """Where each item is a target.

    Attributes:
        places: int64[t], events that are targets, by item.
        firsts: int64[n + 1], where those of each item begin in ``places``.
        ranks: int64[e], place of an event in ``places``; of no meaning for a first event.
    """

    places: Indices
    firsts: Indices
    ranks: Indices

    @classmethod
    def of(cls, sequences: Sequences) -> _Occurrences:
        count = len(sequences.items)
        is_target = np.ones(count, dtype=bool)
        is_target[sequences.offsets[:-1][sequences.lengths > 0]] = False
        targets = np.flatnonzero(is_target)
        places = targets[np.argsort(sequences.items[targets], kind="stable")]
        counts = np.bincount(sequences.items[targets], minlength=sequences.n)
        ranks = np.zeros(count, dtype=np.int64)
        ranks[places] = np.arange(len(places))
        return cls(places, np.concatenate([[0], np.cumsum(counts)]), ranks)

    def others(self, ends: Indices, generator: np.random.Generator) -> Indices:
        """Return int64[B]: another target of the same item, or the same where it is the only."""
        own = self.ranks[ends]
        group = np.searchsorted(self.firsts, own, side="right") - 1
        first, size = self.firsts[group], self.firsts[group + 1] - self.firsts[group]
        drawn = first + (generator.random(len(ends)) * np.maximum(size - 1, 1)).astype(np.int64)
        drawn += (drawn >= own) & (size > 1)
        places: Indices = self.places[drawn]
        return places


def last_windows(
    sequences: Sequences, config: NetworkConfig, rows: npt.NDArray[np.integer]
) -> Events:
    """Return the newest events of the sequences named by ``rows``, each with at least one event."""
    ends = sequences.offsets[1:][rows]
    lengths = np.minimum(ends - sequences.offsets[:-1][rows], config.window)
    return read_events(sequences, config, ends - lengths, lengths)


def read_events(
    sequences: Sequences, config: NetworkConfig, starts: Indices, lengths: Indices
) -> Events:
    """Return ``lengths`` events from ``starts``, int64[B] each, as a network of ``config`` reads.

    Ages are seconds before the last event of a row. A kind that the network does not know is 0, as
    are all kinds and times where the sequences have none.
    """
    steps = np.arange(lengths.max())
    index = starts[:, None] + np.minimum(steps[None], lengths[:, None] - 1)
    last = sequences.times[starts + lengths - 1]
    kinds = dwell = None
    if config.kinds:
        kinds = torch.zeros(index.shape, dtype=torch.int64)
        if sequences.kinds is not None:
            kinds = torch.from_numpy(sequences.kinds[index].astype(np.int64))
            kinds[kinds >= config.kinds] = 0
    if config.dwell:
        dwell = torch.zeros(index.shape)
        if sequences.dwell is not None:
            dwell = torch.from_numpy(sequences.dwell[index])
    return Events(
        items=torch.from_numpy(sequences.items[index].astype(np.int64)),
        ages=torch.from_numpy((last[:, None] - sequences.times[index]).astype(np.float32)),
        lengths=torch.from_numpy(lengths),
        kinds=kinds,
        dwell=dwell,
    )


def _pieces(offsets: Indices, history: int) -> _Windows:
    """Return windows that follow one another: each event but the first is a target of one."""
    lengths = np.diff(offsets)
    pieces = -(-np.maximum(lengths - 1, 0) // history)  # windows of each sequence
    owner = np.repeat(np.arange(len(lengths)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    ends = offsets[1:][owner] - 1 - number * history  # position of the last target
    starts = np.maximum(ends - history, offsets[:-1][owner])
    return _Windows(starts, ends - starts)


def _prefixes(offsets: Indices, history: int) -> _Windows:
    """Return for each event but the first a window of what came before it."""
    lengths = np.diff(offsets)
    firsts = np.repeat(offsets[:-1], lengths)
    ends = np.arange(len(firsts))
    targets = ends > firsts
    ends, firsts = ends[targets], firsts[targets]
    starts = np.maximum(ends - history, firsts)
    return _Windows(starts, ends - starts)


def events_on(events: Events, device: torch.device) -> Events:
    """Return the events on ``device``; to an accelerator they go from pinned memory."""
    if device.type == "cpu":
        return events
    kinds, dwell = events.kinds, events.dwell
    return Events(
        items=_sent(events.items, device),
        ages=_sent(events.ages, device),
        lengths=_sent(events.lengths, device),
        kinds=None if kinds is None else _sent(kinds, device),
        dwell=None if dwell is None else _sent(dwell, device),
    )


def _sent(tensor: Tensor, device: torch.device) -> Tensor:
    return tensor.pin_memory().to(device, non_blocking=True)

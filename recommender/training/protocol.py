"""The evaluation protocol: time-ordered leave-one-out over whole histories.

The last event of a shopper is the test case, the last but one the validation case, everything
before it is training data. A shopper with fewer than three events trains and is not evaluated.
Everything is chosen on validation; the test is scored once, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.baselines.sequences import Sequences
from recommender.serving.history import condense, dwell_seconds
from recommender.training.arrays import Manifest

FRESH_WINDOW = 86_400.0
REPEAT_RATE_LIMIT = 0.02
SHORTEST = 3
FEWEST_HELD_OUT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Histories with the event that followed.

    Attributes:
        histories: u sequences, condensed.
        raw: the same u histories before events were merged, as a shop would hand them over.
        targets: int32[u], the item that followed.
        moments: int64[u], seconds, when it followed.
    """

    histories: Sequences
    raw: Sequences
    targets: npt.NDArray[np.int32]
    moments: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: npt.NDArray[np.integer]) -> Cases:
        """Return the cases named by ``rows``."""
        return Cases(
            histories=self.histories.take(rows),
            raw=self.raw.take(rows),
            targets=self.targets[rows],
            moments=self.moments[rows],
        )

    def sample(self, count: int, seed: int) -> Cases:
        """Return at most ``count`` cases, drawn evenly, in their old order."""
        if len(self) <= count:
            return self
        drawn = np.random.default_rng(seed).choice(len(self), count, replace=False)
        return self.take(np.sort(drawn))

    def withheld(self, *, seen_filter: bool, fresh_window: float) -> sparse.coo_matrix:
        """Return bool[u, n] COO: items that may not be answered (see `serving.format.Meta`)."""
        histories = self.histories
        owners = histories.owners
        chosen = np.ones(len(owners), dtype=bool)
        if not seen_filter:
            elapsed = self.moments[owners] - histories.last_times
            chosen = (elapsed <= fresh_window) & (fresh_window > 0)
        rows, columns = owners[chosen], histories.items[chosen]
        shape = (len(self), histories.n)
        content = (np.ones(len(rows), dtype=bool), (rows, columns))
        return sparse.coo_matrix(content, shape=shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The parts of leave-one-out.

    Attributes:
        train: all events but the last two of evaluated shoppers.
        validation: last but one event, after the training events.
        test: last event, after all others.
        everything: all events, for what is served.
    """

    train: Sequences
    validation: Cases
    test: Cases
    everything: Sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The sequences of a manifest.

    Attributes:
        raw: events whose kind has a weight above 0.
        events: the same, merged by `recommender.serving.history.condense`.
        heads: int64[m], position in ``raw`` of each of ``events``.
        window: seconds within which events of one product are one; 0 without a clock.
    """

    raw: Sequences
    events: Sequences
    heads: npt.NDArray[np.int64]
    window: float


def prepare(manifest: Manifest) -> Prepared:
    """Return the sequences of a manifest; shoppers without events of weight are left out."""
    weights = manifest.event_weights()
    chosen = np.flatnonzero(weights > 0)
    shoppers = len(manifest.offsets) - 1
    owners = np.repeat(np.arange(shoppers), np.diff(manifest.offsets))[chosen]
    counts = np.bincount(owners, minlength=shoppers)
    raw = Sequences(
        n=len(manifest.products),
        offsets=_offsets(counts[counts > 0]),
        items=manifest.items[chosen],
        times=manifest.times[chosen],
        weights=weights[chosen],
        last_times=manifest.times[chosen].astype(np.float64),
        kinds=manifest.kinds[chosen],
        dwell=dwell_seconds(manifest.kinds[chosen], manifest.values[chosen]),
    )
    window = FRESH_WINDOW if manifest.meta.timed else 0.0
    events, heads = _condense(raw, window)
    return Prepared(raw=raw, events=events, heads=heads, window=window)


def leave_one_out(prepared: Prepared, *, held_out: float = 1.0) -> Split:
    """Split sequences by the protocol of this module.

    Args:
        prepared: the sequences.
        held_out: share of the shoppers with three events who are evaluated, spread evenly; the
            others train with all they have. `FEWEST_HELD_OUT` are evaluated where there are.
    """
    events = prepared.events
    starts, ends = events.offsets[:-1], events.offsets[1:]
    long = np.flatnonzero(events.lengths >= SHORTEST)
    count = max(round(held_out * len(long)), FEWEST_HELD_OUT)
    if count < len(long):
        long = long[np.arange(count) * len(long) // count]
    cuts = ends.copy()
    cuts[long] -= 2
    return Split(
        train=events.cut(starts, cuts),
        validation=_cases(prepared, long, ends[long] - 2),
        test=_cases(prepared, long, ends[long] - 1),
        everything=events,
    )


def repeat_rate(sequences: Sequences) -> float:
    """Return the share of events, after each shopper's first, on a product they had before."""
    later = len(sequences.items) - int((sequences.lengths > 0).sum())
    if later <= 0:
        return 0.0
    distinct = np.unique(sequences.owners * np.int64(sequences.n) + sequences.items)
    return (len(sequences.items) - len(distinct)) / later


def _cases(
    prepared: Prepared, shoppers: npt.NDArray[np.int64], targets: npt.NDArray[np.int64]
) -> Cases:
    """Return the cases whose answers are ``targets``, positions in the condensed events."""
    starts = prepared.raw.offsets[:-1][shoppers]
    raw = prepared.raw.cut(starts, prepared.heads[targets])
    return Cases(
        histories=_condense(raw, prepared.window)[0],
        raw=raw,
        targets=prepared.events.items[targets],
        moments=prepared.events.times[targets],
    )


def _condense(raw: Sequences, window: float) -> tuple[Sequences, npt.NDArray[np.int64]]:
    owners = raw.owners
    merged = condense(
        raw.items,
        raw.times,
        raw.weights,
        window=window,
        sequences=owners,
        kinds=raw.kinds,
        dwell=raw.dwell,
    )
    events = Sequences(
        n=raw.n,
        offsets=_offsets(np.bincount(owners[merged.kept], minlength=len(raw.offsets) - 1)),
        items=raw.items[merged.kept],
        times=raw.times[merged.kept],
        weights=merged.weights,
        last_times=merged.last_times,
        kinds=merged.kinds,
        dwell=merged.dwell,
    )
    return events, merged.kept


def _offsets(lengths: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

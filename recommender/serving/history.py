"""How a raw history becomes the sequence that the model reads. Shared by training and serving.

A shopper who looks at a product, puts it in the basket and orders it leaves several events of one
interest. Events of the same product within a window are therefore one event: the first keeps its
place, the heaviest its weight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.serving.format import Meta


class Condensed(NamedTuple):
    """Events that remain, in their old order.

    Attributes:
        kept: int64[m], positions in the input, ascending.
        weights: float32[m], the largest weight among the events merged into each.
        last_times: int64[m] or float[m], time of the last event merged into each.
    """

    kept: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    last_times: npt.NDArray[np.float64]


def condense(
    items: npt.NDArray[np.integer],
    times: npt.NDArray[np.number],
    weights: npt.NDArray[np.float32],
    *,
    window: float,
    sequences: npt.NDArray[np.integer] | None = None,
) -> Condensed:
    """Merge events of the same product that follow one another within ``window`` seconds.

    Args:
        items: int[e], item index per event.
        times: [e], seconds, ascending inside a sequence.
        weights: float32[e].
        window: an event at most this long after the previous event of the same product and
            sequence joins it; 0 merges nothing.
        sequences: int[e], which sequence an event belongs to; None when there is one.
    """
    seconds = np.asarray(times, dtype=np.float64)
    count = len(items)
    if window <= 0 or count < 2:
        return Condensed(np.arange(count, dtype=np.int64), np.asarray(weights, np.float32), seconds)
    owner = np.zeros(count, dtype=np.int64) if sequences is None else np.asarray(sequences)
    order = np.lexsort((np.arange(count), items, owner))
    joins = np.zeros(count, dtype=bool)
    joins[1:] = (
        (items[order[1:]] == items[order[:-1]])
        & (owner[order[1:]] == owner[order[:-1]])
        & (seconds[order[1:]] - seconds[order[:-1]] <= window)
    )
    heads = np.flatnonzero(~joins)
    kept = order[heads]
    heaviest = np.maximum.reduceat(np.asarray(weights, np.float32)[order], heads)
    latest = np.maximum.reduceat(seconds[order], heads)
    back = np.argsort(kept)
    return Condensed(kept[back].astype(np.int64), heaviest[back], latest[back])


class History(NamedTuple):
    """A condensed history, oldest first, as the components read it.

    Attributes:
        items: int64[m].
        ages: float32[m], seconds since the event; zeros when the model knows no clock.
        weights: float32[m].
        positions: int64[m], places in the history that was given.
        withheld: int64[w], items that may not be answered.
    """

    items: npt.NDArray[np.int64]
    ages: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    positions: npt.NDArray[np.int64]
    withheld: npt.NDArray[np.int64]


def read_history(
    meta: Meta, items: npt.ArrayLike, ages: npt.ArrayLike, weights: npt.ArrayLike | None
) -> History:
    """Return a raw history as the model of ``meta`` reads it.

    Args:
        meta: of the published model.
        items: int[h], oldest first; negative ones are passed over.
        ages: [h], seconds since each event.
        weights: [h], or None for 1 each; an event of weight 0 or less is passed over.

    Raises:
        ValueError: lengths differ or an item index is not below n.
    """
    raw = np.asarray(items, dtype=np.int64).reshape(-1)
    seconds = np.asarray(ages, dtype=np.float64).reshape(-1)
    heavy = np.ones(len(raw)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not len(raw) == len(seconds) == len(heavy):
        raise ValueError("history_items, ages and weights must have the same length")
    if len(raw) and raw.max() >= meta.n:
        raise ValueError(f"history holds an item that is not an index below {meta.n}")
    positions = np.flatnonzero((raw >= 0) & (heavy > 0))
    merged = condense(
        raw[positions],
        -seconds[positions],
        heavy[positions].astype(np.float32),
        window=meta.fresh_window,
    )
    withheld = raw[positions[merged.kept]]
    if not meta.seen_filter:
        recent = -merged.last_times <= meta.fresh_window
        withheld = withheld[recent & (meta.fresh_window > 0)]
    limit = max(meta.history, meta.transition_history, meta.repeat_history)
    positions = positions[merged.kept[-limit:]]
    clock = seconds[positions] if meta.timed else np.zeros(len(positions))
    return History(
        items=raw[positions],
        ages=clock.astype(np.float32),
        weights=merged.weights[-limit:],
        positions=positions,
        withheld=withheld,
    )

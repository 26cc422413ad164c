"""How a raw history becomes the sequence that the model reads. Shared by training and serving.

A shopper who looks at a product, puts it in the basket and orders it leaves several events of one
interest. Events of the same product within a window are therefore one event: the first keeps its
place, the heaviest its weight and its kind, and the seconds of all of them add up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.serving.format import Meta

DWELL_CODE = 4
"""Code of `recommender.events.kinds.Kind.DWELL`, the kind whose value is a time."""
LONGEST_DWELL_SECONDS = 120.0
"""What one stay counts at most: a page that was left open says no more than one that was read."""


class Condensed(NamedTuple):
    """Events that remain, in their old order.

    Attributes:
        kept: int64[m], positions in the input, ascending.
        weights: float32[m], the largest weight among the events merged into each.
        last_times: float64[m], time of the last event merged into each.
        kinds: uint8[m], kind of the heaviest event merged into each, the first of equals; None
            when no kinds were given.
        dwell: float32[m], seconds of all events merged into each; None when none were given.
    """

    kept: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    last_times: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.uint8] | None = None
    dwell: npt.NDArray[np.float32] | None = None


def dwell_seconds(
    kinds: npt.NDArray[np.integer], values: npt.NDArray[np.number]
) -> npt.NDArray[np.float32]:
    """Return float32[e]: how long each event was a look at its product, in seconds.

    Args:
        kinds: int[e], codes of event kinds; all but dwell last no time.
        values: [e], values of the events; that of a dwell is in milliseconds.
    """
    seconds = np.clip(np.asarray(values, dtype=np.float64) / 1000, 0.0, LONGEST_DWELL_SECONDS)
    return np.where(np.asarray(kinds) == DWELL_CODE, seconds, 0.0).astype(np.float32)


def condense(
    items: npt.NDArray[np.integer],
    times: npt.NDArray[np.number],
    weights: npt.NDArray[np.float32],
    *,
    window: float,
    sequences: npt.NDArray[np.integer] | None = None,
    kinds: npt.NDArray[np.integer] | None = None,
    dwell: npt.NDArray[np.float32] | None = None,
) -> Condensed:
    """Merge events of the same product that follow one another within ``window`` seconds.

    Args:
        items: int[e], item index per event.
        times: [e], seconds, ascending inside a sequence.
        weights: float32[e].
        window: an event at most this long after the previous event of the same product and
            sequence joins it; 0 merges nothing.
        sequences: int[e], which sequence an event belongs to; None when there is one.
        kinds: int[e], codes of the kinds; None when the model reads none.
        dwell: float32[e], seconds of each event; None when the model reads none.
    """
    seconds = np.asarray(times, dtype=np.float64)
    heavy = np.asarray(weights, np.float32)
    codes = None if kinds is None else np.asarray(kinds).astype(np.uint8)
    count = len(items)
    if window <= 0 or count < 2:
        return Condensed(np.arange(count, dtype=np.int64), heavy, seconds, codes, dwell)
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
    heaviest = np.maximum.reduceat(heavy[order], heads)
    latest = np.maximum.reduceat(seconds[order], heads)
    back = np.argsort(kept)
    total = None if dwell is None else np.add.reduceat(np.asarray(dwell, np.float32)[order], heads)
    if codes is not None:
        groups = np.cumsum(~joins) - 1
        first = np.lexsort((order, -heavy[order], groups))[heads]  # of each group, its heaviest
        codes = codes[order[first]][back]
    return Condensed(
        kept[back].astype(np.int64),
        heaviest[back],
        latest[back],
        codes,
        None if total is None else total[back],
    )


class History(NamedTuple):
    """A condensed history, oldest first, as the components read it.

    Attributes:
        items: int64[m].
        ages: float32[m], seconds since the event; zeros when the model knows no clock.
        weights: float32[m].
        positions: int64[m], places in the history that was given.
        withheld: int64[w], items that may not be answered.
        kinds: int64[m], codes of event kinds; None unless the model reads them.
        dwell: float32[m], seconds; None unless the model reads them.
    """

    items: npt.NDArray[np.int64]
    ages: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    positions: npt.NDArray[np.int64]
    withheld: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64] | None = None
    dwell: npt.NDArray[np.float32] | None = None


def read_history(
    meta: Meta,
    items: npt.ArrayLike,
    ages: npt.ArrayLike,
    weights: npt.ArrayLike | None,
    *,
    kinds: npt.ArrayLike | None = None,
    dwell: npt.ArrayLike | None = None,
) -> History:
    """Return a raw history as the model of ``meta`` reads it.

    Args:
        meta: of the published model.
        items: int[h], oldest first; negative ones are passed over.
        ages: [h], seconds since each event.
        weights: [h], or None for 1 each; an event of weight 0 or less is passed over.
        kinds: int[h], codes of event kinds; None where they are not known, which is code 0.
        dwell: [h], seconds of each event, see `dwell_seconds`; None for 0 each.

    Raises:
        ValueError: lengths differ or an item index is not below n.
    """
    raw = np.asarray(items, dtype=np.int64).reshape(-1)
    seconds = np.asarray(ages, dtype=np.float64).reshape(-1)
    heavy = np.ones(len(raw)) if weights is None else np.asarray(weights, dtype=np.float64)
    codes = np.zeros(len(raw), np.uint8) if kinds is None else np.asarray(kinds).astype(np.uint8)
    codes = np.where(codes < meta.kinds, codes, 0)
    stays = np.zeros(len(raw)) if dwell is None else np.asarray(dwell, dtype=np.float64)
    if not len(raw) == len(seconds) == len(heavy) == len(codes) == len(stays):
        raise ValueError("history_items and what is known of them must have the same length")
    if len(raw) and raw.max() >= meta.n:
        raise ValueError(f"history holds an item that is not an index below {meta.n}")
    positions = np.flatnonzero((raw >= 0) & (heavy > 0))
    merged = condense(
        raw[positions],
        -seconds[positions],
        heavy[positions].astype(np.float32),
        window=meta.fresh_window,
        kinds=codes[positions] if "kind" in meta.inputs else None,
        dwell=stays[positions].astype(np.float32) if "dwell" in meta.inputs else None,
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
        kinds=None if merged.kinds is None else merged.kinds[-limit:].astype(np.int64),
        dwell=None if merged.dwell is None else merged.dwell[-limit:],
    )

"""Small data whose right answer is known by construction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recommender.baselines.sequences import Sequences
from recommender.serving.format import Meta, Weights
from recommender.training.arrays import Manifest, write_manifest
from recommender.training.protocol import Cases

DAY = 86_400


def sequences(rows: Sequence[Sequence[int]], *, n: int, step: int = 1) -> Sequences:
    """Return sequences with one event every ``step`` seconds, weight 1."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    items = np.array([item for row in rows for item in row], dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    times = (np.arange(len(items)) - np.repeat(offsets[:-1], lengths)) * step
    return Sequences(
        n=n,
        offsets=offsets,
        items=items,
        times=times.astype(np.int64),
        weights=np.ones(len(items), dtype=np.float32),
        last_times=times.astype(np.float64),
    )


def cases(rows: Sequence[Sequence[int]], targets: Sequence[int], *, n: int) -> Cases:
    """Return cases on histories with one event a second."""
    histories = sequences(rows, n=n)
    moments = np.array([len(row) for row in rows], dtype=np.int64)
    return Cases(
        histories=histories,
        raw=histories,
        targets=np.array(targets, dtype=np.int32),
        moments=moments,
    )


def manifest(
    folder: Path, rows: Sequence[Sequence[int]], *, n: int, step: int = 1, timed: bool = False
) -> Manifest:
    """Write a manifest of the rows; product ids are 1000 + item."""
    built = sequences(rows, n=n, step=step)
    return write_manifest(
        folder,
        site=1,
        cut="2026-11-21T00:00:00+00:00",
        consent_digest="test",
        products=np.arange(n) + 1000,
        offsets=built.offsets,
        items=built.items,
        times=built.times,
        timed=timed,
    )


def cycles(shoppers: int, *, n: int, length: int, seed: int = 0) -> list[list[int]]:
    """Return walks around a circle of ``n`` items: after i comes i + 1, always."""
    starts = np.random.default_rng(seed).integers(n, size=shoppers)
    return [[int((start + step) % n) for step in range(length)] for start in starts]


def checkerboard(shoppers: int, *, n: int, length: int, seed: int = 0) -> list[list[int]]:
    """Return shoppers who stay on one color: even items only, or odd items only."""
    chance = np.random.default_rng(seed)
    half = n // 2
    return [
        [int(item) * 2 + shopper % 2 for item in chance.choice(half, length, replace=False)]
        for shopper in range(shoppers)
    ]


def habits(shoppers: int, *, n: int, length: int, seed: int = 0) -> list[list[int]]:
    """Return shoppers who buy favorites of their own again and again, in no order.

    Each has six favorites and buys the first half of the time, the second a quarter, and so on.
    """
    chance = np.random.default_rng(seed)
    rows = []
    for _ in range(shoppers):
        favorites = chance.choice(n, 6, replace=False)
        often = np.array([16, 8, 4, 2, 1, 1]) / 32
        rows.append([int(item) for item in chance.choice(favorites, length, p=often)])
    return rows


def meta(**changes: object) -> Meta:
    """Return a meta of a small model without an encoder."""
    content: dict[str, object] = {
        "n": 4,
        "d": 0,
        "inputs": (),
        "history": 50,
        "repeat_history": 200,
        "transition_history": 10,
        "transition_decay": 0.5,
        "repeat_decay": 1.0,
        "temperature": 1.0,
        "weights": Weights(0.0, 0.5, 0.3, 0.2),
        "seen_filter": False,
        "fresh_window": 0.0,
        "timed": True,
        "kind_weights": {},
        "metrics": {},
        "trained_at": "2026-11-21T00:00:00+00:00",
        "manifest": {},
    }
    return Meta(**{**content, **changes})  # type: ignore[arg-type]

"""How close a ranking comes to the truth: hit rate and NDCG of the last look."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.simulation.catalog import Floats, Ints
from recommender.simulation.shop import Shop


class Score(NamedTuple):
    """Mean over shoppers of hit rate and NDCG at a cut-off."""

    hit_rate: float
    ndcg: float


def score(scores: npt.NDArray[np.floating], targets: Ints, *, k: int = 10) -> Score:
    """Full ranking of one target a row; ties count against the ranking.

    Args:
        scores: float[b, n], higher is better. targets: int32[b].
    """
    wanted = np.take_along_axis(scores, targets[:, None].astype(np.int64), axis=1)
    rank = (scores >= wanted).sum(axis=1) - 1
    hit = rank < k
    gain = np.where(hit, 1 / np.log2(rank + 2), 0)
    return Score(hit_rate=float(hit.mean()), ndcg=float(gain.mean()))


def popularity(shop: Shop) -> Floats:
    """Looks per product without each shopper's last one, the same row for all, float32[u, n]."""
    kept = np.ones(len(shop.looks.product), dtype=np.bool_)
    kept[shop.looks.offsets[1:] - 1] = False
    counts = np.bincount(shop.looks.product[kept], minlength=len(shop.catalog))
    tie_break = np.arange(len(counts)) * 1e-6
    row = (counts - tie_break).astype(np.float32)
    return np.broadcast_to(row, (len(shop.people), len(row)))


def transitions(shop: Shop) -> Floats:
    """Counts of what followed the product looked at before, float32[u, n]."""
    products, offsets = shop.looks.product, shop.looks.offsets
    n = len(shop.catalog)
    pair = np.ones(len(products), dtype=np.bool_)
    pair[offsets[:-1]] = False
    pair[offsets[1:] - 1] = False
    second = np.flatnonzero(pair)
    table = np.zeros((n, n), dtype=np.float32)
    np.add.at(table, (products[second - 1], products[second]), 1)
    lengths = np.diff(offsets)
    before = products[np.maximum(offsets[1:] - 2, 0)]
    counts = table[before] * (lengths > 1)[:, None]
    return (counts + 1e-3 * popularity(shop) / len(products)).astype(np.float32)

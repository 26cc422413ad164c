"""Ranking metrics over the whole catalog. One relevant item per case, rank 0 is the best."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def target_ranks(
    scores: npt.NDArray[np.floating], targets: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """Return float64[u], how many items beat the target of each row.

    Items with the same score share the middle of their places, so a scorer gains nothing by
    scoring everything alike.

    Args:
        scores: float[u, n]; -inf marks an item that is withheld.
        targets: int[u].
    """
    own = scores[np.arange(len(targets)), targets][:, None]
    above = (scores > own).sum(axis=1)
    alike = (scores == own).sum(axis=1) - 1
    ranks: npt.NDArray[np.float64] = above + alike / 2
    return np.where(np.isneginf(own[:, 0]), float(scores.shape[1]), ranks)


def list_ranks(ranked: npt.NDArray[np.integer], target: int, *, missing: float) -> float:
    """Return the place of ``target`` in a ranked list; ``missing`` when it is not there."""
    place = np.flatnonzero(ranked == target)
    return float(place[0]) if len(place) else missing


def ndcg(ranks: npt.NDArray[np.floating], k: int) -> float:
    """Return the mean of ``1 / log2(rank + 2)`` where rank < k, else 0; 0 without cases."""
    if len(ranks) == 0:
        return 0.0
    return float(np.where(ranks < k, 1.0 / np.log2(np.asarray(ranks) + 2.0), 0.0).mean())


def hit_rate(ranks: npt.NDArray[np.floating], k: int) -> float:
    """Return the share of cases with rank < k; 0 without cases."""
    return float((np.asarray(ranks) < k).mean()) if len(ranks) else 0.0


def reciprocal_rank(ranks: npt.NDArray[np.floating], k: int) -> float:
    """Return the mean of ``1 / (rank + 1)`` where rank < k, else 0; 0 without cases."""
    if len(ranks) == 0:
        return 0.0
    return float(np.where(ranks < k, 1.0 / (np.asarray(ranks) + 1.0), 0.0).mean())

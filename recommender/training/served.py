"""Judging the scorer that really answers: cases through `Published.rank`, one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommender.baselines.metrics import hit_rate, list_ranks, ndcg
from recommender.serving.recall import Published
from recommender.training.arrays import Manifest
from recommender.training.protocol import Cases, leave_one_out, prepare

LIST_LENGTH = 10


def served_ranks(
    published: Published, cases: Cases, *, k: int = LIST_LENGTH
) -> npt.NDArray[np.float64]:
    """Return float64[u], the place of each target in the served list; inf when it is not there.

    The item indices of ``cases`` must be those of ``published``.
    """
    raw = cases.raw
    ranks = np.empty(len(cases), dtype=np.float64)
    for row in range(len(cases)):
        span = slice(raw.offsets[row], raw.offsets[row + 1])
        ranked = published.rank(
            raw.items[span],
            (cases.moments[row] - raw.times[span]).astype(np.float32),
            k=k,
            weights=raw.weights[span],
            kinds=None if raw.kinds is None else raw.kinds[span],
            dwell=None if raw.dwell is None else raw.dwell[span],
        )
        ranks[row] = list_ranks(ranked.items, int(cases.targets[row]), missing=np.inf)
    return ranks


def evaluate_published(
    published: Published,
    manifest: Manifest,
    *,
    limit: int = 5000,
    seed: int = 0,
    after: int | None = None,
) -> dict[str, float]:
    """Return NDCG@10, HR@10 and the number of cases of any published model on a manifest.

    Products are matched by their ids, so the model may come from another manifest; a product it
    does not know is passed over in histories and is a miss as a target. A model that has counted
    the very events it is asked for looks better than it is: ``after`` keeps only cases that
    happened later than its cut.

    Args:
        published: the model.
        manifest: the data.
        limit: cases at most, drawn evenly.
        seed: of the draw.
        after: unix seconds; only cases later than that.
    """
    cases = leave_one_out(prepare(manifest)).test
    if after is not None:
        cases = cases.take(np.flatnonzero(cases.moments > after))
    cases = cases.sample(limit, seed)
    translated = translate(cases, published.index_of(manifest.products))
    ranks = served_ranks(published, translated)
    return {
        f"ndcg@{LIST_LENGTH}": ndcg(ranks, LIST_LENGTH),
        f"hr@{LIST_LENGTH}": hit_rate(ranks, LIST_LENGTH),
        "cases": float(len(cases)),
    }


def translate(cases: Cases, index: npt.NDArray[np.int64]) -> Cases:
    """Return the cases with item i renamed to ``index[i]`` in raw histories and targets."""
    raw = cases.raw
    renamed = replace(raw, items=index[raw.items].astype(np.int32))
    return Cases(
        histories=cases.histories,
        raw=renamed,
        targets=index[cases.targets].astype(np.int32),
        moments=cases.moments,
    )

"""The mix of a finished run and its parts, scored over the whole catalog without candidates.

Counts are read from the published folder, the network from the run. For data without product
attributes and kinds, which is all that brings a test of its own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.attention.checkpoint import load_network
from recommender.attention.evaluation import AttentionScorer
from recommender.baselines.component import Component
from recommender.baselines.popularity import Popularity
from recommender.baselines.repeats import Repeats
from recommender.baselines.transitions import Transitions, TransitionSettings
from recommender.serving import format as layout
from recommender.serving.format import Meta
from recommender.training.mixing import evaluate_mix
from recommender.training.protocol import Cases


def offline_ranks(run: Path, meta: Meta, cases: Cases) -> dict[str, npt.NDArray[np.float64]]:
    """Return the ranks float64[u] of the targets, by the name of the part and under the ``mix``.

    Args:
        run: folder of the finished run.
        meta: of its published folder, with what is to be withheld.
        cases: over the catalog of that folder.
    """
    parts = components(run, meta)
    weights = [meta.weights._asdict()[part.name] for part in parts]
    return evaluate_mix(
        parts, weights, cases, seen_filter=meta.seen_filter, fresh_window=meta.fresh_window
    )


def components(run: Path, meta: Meta) -> list[Component]:
    """Return the parts of the mix that a run made; repeats only where seen products may answer."""
    folder = run / "published"
    parts: list[Component] = []
    if meta.d > 0:
        parts.append(AttentionScorer(load_network(run / "network"), meta.temperature))
    content = (
        np.load(folder / layout.DATA_FILE),
        np.load(folder / layout.INDICES_FILE),
        np.load(folder / layout.INDPTR_FILE),
    )
    matrix = sparse.csr_matrix(content, shape=(meta.n, meta.n))
    followed = TransitionSettings(history=meta.transition_history, decay=meta.transition_decay)
    parts += [
        Transitions(matrix, followed),
        Popularity(np.load(folder / layout.POPULAR_FILE)),
    ]
    if meta.seen_filter:
        return parts
    return [*parts, Repeats(decay=meta.repeat_decay, history=meta.repeat_history)]

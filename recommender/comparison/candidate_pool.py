"""The pool that trees rank again, and what they are told of each candidate.

A tree answers for one candidate at a time, so it cannot be asked about a whole catalog. The pool of
a history holds the products with the most transitions from it, filled up with the most popular.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.baselines.component import Component
from recommender.baselines.item_knn import ItemKNN
from recommender.baselines.popularity import Popularity
from recommender.baselines.recent_popularity import RecentPopularity
from recommender.baselines.repeats import Repeats
from recommender.baselines.sequences import Sequences
from recommender.baselines.transitions import Transitions

POOL = 200
FEATURES = (
    "transitions",
    "transitions of the best",
    "item-knn",
    "popularity",
    "popularity of 7 days",
    "own events",
    "own events, fading",
    "length of the history",
    "place in the pool",
)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pools of s histories.

    Attributes:
        items: int64[s, p], best first.
        features: float32[s, p, f], named by `FEATURES`.
    """

    items: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CandidatePool:
    """The fitted counts behind the pool and its features.

    Attributes:
        transitions, near, popularity, recent, own, fading: what is known, in the order of features.
        size: candidates of one history.
    """

    transitions: Component
    near: Component
    popularity: Component
    recent: Component
    own: Component
    fading: Component
    size: int

    @classmethod
    def fit(cls, events: Sequences, *, size: int = POOL) -> CandidatePool:
        """Count the training events."""
        return cls(
            transitions=Transitions.fit(events),
            near=ItemKNN.fit(events),
            popularity=Popularity.fit(events),
            recent=RecentPopularity.fit(events),
            own=Repeats(),
            fading=Repeats(decay=0.7),
            size=min(size, events.n),
        )

    def candidates(self, histories: Sequences) -> Candidates:
        """Return the pool of each history with its features."""
        followed = self.transitions.score(histories)
        popular = self.popularity.score(histories)
        items = _best(followed + 1e-6 * popular, self.size)

        def of(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            return np.take_along_axis(scores, items, axis=1)

        known = of(followed)
        ones = np.ones(items.shape, dtype=np.float32)
        columns = [
            known,
            known / np.maximum(known.max(axis=1, keepdims=True), 1e-9),
            of(self.near.score(histories)),
            of(popular),
            of(self.recent.score(histories)),
            of(self.own.score(histories)),
            of(self.fading.score(histories)),
            ones * histories.lengths[:, None],
            ones * np.arange(items.shape[1]),
        ]
        return Candidates(items, np.stack(columns, axis=2).astype(np.float32))


def _best(scores: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.int64]:
    """Return int64[s, count], the best items of each row in order; the lower index wins a tie."""
    pool = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(scores, pool, axis=1), axis=1, kind="stable")
    return np.take_along_axis(pool, order, axis=1).astype(np.int64)

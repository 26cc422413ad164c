"""Trees over counted features: a decision tree and a random forest that rank a pool again.

* decision tree: Breiman, Friedman, Olshen and Stone, 1984, "Classification and Regression Trees";
  splits by the Gini impurity ``1 - sum_c p_c^2``.
* random forest: Breiman, 2001, "Random Forests": the mean of trees, each grown on a bootstrap
  sample, each split chosen among sqrt(f) features.

The question is "was this candidate the next event?". Counts are made without the last event of
each training shopper; those events are then the answers, so that no feature has seen its own
answer. Of a pool that holds the answer, `NEGATIVES` other candidates are drawn. Afterwards the
counts are made again over all training events. Products outside the pool score 0.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from recommender.baselines.sequences import Sequences
from recommender.comparison.candidate_pool import FEATURES, POOL, CandidatePool

NEGATIVES = 20
CASES = 20_000
TREES, STEP = 60, 10
_CELLS = 8_000_000

Classifier: TypeAlias = DecisionTreeClassifier | RandomForestClassifier


@dataclass(frozen=True, slots=True)
class TreeRanker:
    """A fitted classifier over the pool.

    Attributes:
        name: "decision-tree" or "random-forest".
        pool: candidates and features.
        classifier: None when the pools of the training held no answer, or nothing else; the pool's
            own order holds then.
    """

    name: str
    pool: CandidatePool
    classifier: Classifier | None

    @classmethod
    def fit_tree(cls, events: Sequences, *, seed: int = 0, size: int = POOL) -> TreeRanker:
        """Grow one decision tree.

        Args:
            events: the training events.
            seed: of the negatives, and of the order in which features are tried.
            size: candidates of one history.
        """
        features, labels = _training_rows(events, size=size, seed=seed)
        tree = DecisionTreeClassifier(max_depth=10, min_samples_leaf=50, random_state=seed)
        fitted = tree.fit(features, labels) if _has_both(labels) else None
        return cls("decision-tree", CandidatePool.fit(events, size=size), fitted)

    @classmethod
    def fit_forest(
        cls, events: Sequences, *, seed: int = 0, cpu_seconds: float = np.inf, size: int = POOL
    ) -> TreeRanker:
        """Grow a random forest of at most `TREES` trees.

        Args:
            events: the training events.
            seed: of negatives, bootstrap samples and features.
            cpu_seconds: no further `STEP` trees are begun after that.
            size: candidates of one history.
        """
        end = time.process_time() + cpu_seconds
        features, labels = _training_rows(events, size=size, seed=seed)
        pool = CandidatePool.fit(events, size=size)
        if not _has_both(labels):
            return cls("random-forest", pool, None)
        forest = RandomForestClassifier(
            n_estimators=0, max_depth=12, min_samples_leaf=20, warm_start=True, random_state=seed
        )
        for trees in range(STEP, TREES + 1, STEP):
            forest.set_params(n_estimators=trees).fit(features, labels)
            if time.process_time() > end:
                break
        return cls("random-forest", pool, forest)

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: chance of each candidate; inside a tie the pool's order decides."""
        answers = np.zeros((len(histories.lengths), histories.n), dtype=np.float32)
        for rows in _blocks(len(histories.lengths), histories.n):
            found = self.pool.candidates(histories.take(rows))
            chances = np.linspace(2e-6, 1e-6, self.pool.size) * np.ones((len(rows), 1))
            if self.classifier is not None:
                flat = found.features.reshape(-1, len(FEATURES))
                chances += self.classifier.predict_proba(flat)[:, 1].reshape(chances.shape)
            np.put_along_axis(answers[rows[0] : rows[-1] + 1], found.items, chances, axis=1)
        return answers


def _training_rows(
    events: Sequences, *, size: int, seed: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return features float32[r, f] and labels bool[r]: answers, each with drawn negatives."""
    chance = np.random.default_rng(seed)
    ready = np.flatnonzero(events.lengths >= 2)
    cuts = events.offsets[1:].copy()
    cuts[ready] -= 1
    before = events.cut(events.offsets[:-1], cuts)
    if len(ready) > CASES:
        ready = np.sort(chance.choice(ready, CASES, replace=False))
    answers = events.items[events.offsets[1:][ready] - 1]
    pool = CandidatePool.fit(before, size=size)
    features = [np.zeros((0, len(FEATURES)), dtype=np.float32)]
    labels = [np.zeros(0, dtype=bool)]
    for rows in _blocks(len(ready), events.n):
        found = pool.candidates(before.take(ready[rows]))
        right = found.items == answers[rows][:, None]
        held = right.any(axis=1)
        # The answer sorts first, then negatives in random order.
        keys = np.where(right[held], -1.0, chance.random(right[held].shape))
        drawn = np.argsort(keys, axis=1)[:, : NEGATIVES + 1]
        kept = np.take_along_axis(found.features[held], drawn[:, :, None], axis=1)
        features.append(kept.reshape(-1, len(FEATURES)))
        labels.append(np.take_along_axis(right[held], drawn, axis=1).reshape(-1))
    return np.concatenate(features), np.concatenate(labels)


def _has_both(labels: npt.NDArray[np.bool_]) -> bool:
    return bool(labels.any() and not labels.all())


def _blocks(count: int, n: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the rows 0 to ``count`` in blocks whose dense scores stay small."""
    size = max(1, _CELLS // max(n, 1))
    for start in range(0, count, size):
        yield np.arange(start, min(start + size, count))

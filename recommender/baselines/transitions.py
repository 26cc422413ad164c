"""Transition counts: which products follow which within a few events.

A pair (i, j) with j some distance d <= window after i adds 1/d to the row of i, and ``backward``
times that to the row of j. Entry (i, j) is then scaled by ``count(i) ** -row_power`` and
``count(j) ** -column_power``, which keeps popular products from leading every row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.baselines.sequences import Sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionSettings:
    """How pairs are counted and followed.

    Attributes:
        window: largest distance of a pair, in events.
        backward: weight of the reversed pair.
        row_power: exponent of the leading product's count.
        column_power: exponent of the following product's count.
        history: newest events of a shopper that are followed.
        decay: weight of an event relative to the next newer one.
        row_limit: entries kept in a row, the largest.
    """

    window: int = 5
    backward: float = 0.3
    row_power: float = 0.5
    column_power: float = 0.3
    history: int = 10
    decay: float = 0.7
    row_limit: int = 500


@dataclass(frozen=True, slots=True)
class Transitions:
    """Fitted counts.

    Attributes:
        matrix: float32[n, n] CSR, rows lead, sorted indices, no diagonal.
        settings: how it was made.
    """

    matrix: sparse.csr_matrix
    settings: TransitionSettings
    name: str = "transitions"

    @classmethod
    def fit(cls, events: Sequences, settings: TransitionSettings | None = None) -> Transitions:
        """Count the pairs of all sequences."""
        chosen = settings or TransitionSettings()
        raw = count_pairs(events, window=chosen.window, backward=chosen.backward)
        return cls(scale_rows(raw, events, chosen), chosen)

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: decayed sum of the rows of the newest events."""
        dense: npt.NDArray[np.float32] = self.sparse_scores(histories).toarray()
        return dense

    def sparse_scores(self, histories: Sequences) -> sparse.csr_matrix:
        """Return the scores as float32[s, n] CSR."""
        heads = histories.matrix(decay=self.settings.decay, last=self.settings.history)
        return sparse.csr_matrix(heads @ self.matrix)


def count_pairs(events: Sequences, *, window: int, backward: float) -> sparse.csr_matrix:
    """Return float32[n, n] CSR of weighted pair counts, without the diagonal.

    A pair is worth the weight of the event it leads to.
    """
    owners = events.owners
    rows, columns, values = [], [], []
    for distance in range(1, window + 1):
        if len(events.items) <= distance:
            break
        first, second = events.items[:-distance], events.items[distance:]
        valid = (owners[:-distance] == owners[distance:]) & (first != second)
        first, second = first[valid], second[valid]
        rows += [first, second]
        columns += [second, first]
        values += [
            events.weights[distance:][valid] / distance,
            events.weights[:-distance][valid] * (backward / distance),
        ]
    shape = (events.n, events.n)
    none = np.zeros(0, dtype=np.int32)
    place = (np.concatenate([none, *rows]), np.concatenate([none, *columns]))
    content = (np.concatenate([np.zeros(0, dtype=np.float32), *values]), place)
    counted = sparse.csr_matrix(sparse.coo_matrix(content, shape=shape, dtype=np.float32))
    counted.eliminate_zeros()
    return counted


def scale_rows(
    raw: sparse.csr_matrix, events: Sequences, settings: TransitionSettings
) -> sparse.csr_matrix:
    """Return the counts scaled by item frequency and cut to the largest entries of each row."""
    counts = np.maximum(np.bincount(events.items, minlength=events.n), 1).astype(np.float32)
    left = sparse.diags(counts**-settings.row_power)
    right = sparse.diags(counts**-settings.column_power)
    scaled = sparse.csr_matrix(left @ raw @ right, dtype=np.float32)
    return keep_largest(scaled, settings.row_limit)


def keep_largest(matrix: sparse.csr_matrix, limit: int) -> sparse.csr_matrix:
    """Return the matrix with at most ``limit`` entries in a row, the largest, indices sorted."""
    matrix.sort_indices()
    kept = np.ones(matrix.nnz, dtype=bool)
    for row in np.flatnonzero(np.diff(matrix.indptr) > limit):
        start, end = matrix.indptr[row], matrix.indptr[row + 1]
        smallest = np.argsort(-matrix.data[start:end], kind="stable")[limit:]
        kept[start + smallest] = False
    if kept.all():
        return matrix
    indptr = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    content = (matrix.data[kept], matrix.indices[kept], indptr)
    return sparse.csr_matrix(content, shape=matrix.shape)

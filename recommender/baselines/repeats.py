"""The shopper's own repeats: what a person came back to, they come back to again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.baselines.sequences import Sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Weighted count of a shopper's own events per item, older ones counting less.

    Attributes:
        decay: weight of an event relative to the next newer one.
        history: newest events that are counted.
    """

    decay: float = 1.0
    history: int = 200
    name: str = "repeats"

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]."""
        dense: npt.NDArray[np.float32] = self.sparse_scores(histories).toarray()
        return dense

    def sparse_scores(self, histories: Sequences) -> sparse.csr_matrix:
        """Return the scores as float32[s, n] CSR."""
        return histories.matrix(decay=self.decay, last=self.history, weighted=True)

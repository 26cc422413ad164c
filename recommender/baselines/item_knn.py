"""Item-kNN: products bought by the same shoppers, by cosine (Sarwar et al., 2001)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.baselines.sequences import Sequences
from recommender.baselines.transitions import keep_largest


@dataclass(frozen=True, slots=True)
class ItemKNN:
    """Cosine between the sets of shoppers of two items, nearest neighbors only.

    Attributes:
        matrix: float32[n, n] CSR, no diagonal.
    """

    matrix: sparse.csr_matrix
    name: str = "item-knn"

    @classmethod
    def fit(cls, events: Sequences, *, neighbors: int = 100, longest: int = 500) -> ItemKNN:
        """Compute the similarities.

        Args:
            events: the training events.
            neighbors: entries kept in a row.
            longest: newest events of a shopper that count, which bounds the product.
        """
        seen = events.matrix(last=longest)
        seen.data[:] = 1.0
        lengths = np.sqrt(np.maximum(np.asarray(seen.sum(axis=0)).reshape(-1), 1.0))
        unit = sparse.csr_matrix(seen @ sparse.diags((1.0 / lengths).astype(np.float32)))
        near = sparse.csr_matrix(unit.T @ unit, dtype=np.float32)
        near.setdiag(0.0)
        near.eliminate_zeros()
        return cls(keep_largest(near, neighbors))

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: similarity summed over the distinct items of the history."""
        seen = histories.matrix()
        seen.data[:] = 1.0
        dense: npt.NDArray[np.float32] = sparse.csr_matrix(seen @ self.matrix).toarray()
        return dense

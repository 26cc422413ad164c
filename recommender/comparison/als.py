"""ALS: factors of shoppers and products by alternating least squares.

Hu, Koren and Volinsky, 2008, "Collaborative Filtering for Implicit Feedback Datasets": minimizes

    sum_ui c_ui (p_ui - x_u . y_i)^2 + lambda (sum_u |x_u|^2 + sum_i |y_i|^2)

with p_ui = 1 and confidence c_ui = alpha where u had i, else p_ui = 0 and c_ui = 1. The paper
writes c_ui = 1 + alpha r_ui; the package takes the confidence as it is. How often u had i does not
count. Solved by ``implicit`` with conjugate gradients (Takacs, Pilaszy and Tikk, 2011).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse
from threadpoolctl import threadpool_limits

from recommender.baselines.sequences import Sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class ALSSettings:
    """How the factors are made.

    Attributes:
        factors: width of a vector.
        regularization: lambda.
        alpha: confidence in a pair that occurred, relative to one that did not.
        iterations: rounds over shoppers and products.
    """

    factors: int = 128
    regularization: float = 5.0
    alpha: float = 40.0
    iterations: int = 15


@dataclass(frozen=True, slots=True)
class ALS:
    """Fitted factors; a history that was not trained on is folded in by solving for its vector."""

    model: AlternatingLeastSquares
    name: str = "als"

    @classmethod
    def fit(
        cls,
        events: Sequences,
        settings: ALSSettings | None = None,
        *,
        seed: int = 0,
        cpu_seconds: float = np.inf,
    ) -> ALS:
        """Factorize the matrix of shoppers and products.

        Args:
            events: the training events.
            settings: how.
            seed: of the first factors.
            cpu_seconds: no further round begins after that.
        """
        chosen = settings or ALSSettings()
        end = time.process_time() + cpu_seconds
        seen = _seen(events)
        with threadpool_limits(1):
            model = AlternatingLeastSquares(
                factors=chosen.factors,
                regularization=chosen.regularization,
                alpha=chosen.alpha,
                iterations=1,
                num_threads=1,
                random_state=seed,
            )
            for _ in range(chosen.iterations):
                model.fit(seen, show_progress=False)  # goes on from the factors it has
                if time.process_time() > end:
                    break
        return cls(model)

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: ``max(0, x . y)``."""
        seen = _seen(histories)
        with threadpool_limits(1):
            vectors = self.model.recalculate_user(np.arange(seen.shape[0]), seen)
            scores: npt.NDArray[np.float32] = vectors @ self.model.item_factors.T
        return np.maximum(scores, 0.0, out=scores)


def _seen(events: Sequences) -> sparse.csr_matrix:
    """Return float32[s, n], 1 where a shopper had an item."""
    seen = events.matrix()
    seen.data[:] = 1.0
    return seen

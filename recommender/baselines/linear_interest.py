"""Linear interest: a state that rests, fades and is fed by what the shopper does.

    I_t = a + b I_(t-1) + c F_t,    F_t = theta V_t D_t

Interest is a vector over products and a step t is one event of the shopper (data without a clock
has no other step). In this reading

* ``V_t`` is the visit: the weight of the event on its product, which depends on its kind;
* ``D_t`` is its depth: ``log(1 + dwell) / log(1 + typical dwell)``, 1 where no dwell was measured;
* ``theta`` says where a visit feeds interest: in the product itself by the share ``own``, in its
  neighbors by cosine (`recommender.baselines.item_knn`) with the rest;
* ``a`` is the interest of one who does nothing, in proportion to the popularity of a product. Such
  a shopper stays at rest at ``a / (1 - b)``, where every history begins.

The recursion is linear, so its state after T events is written out:

    I_T = a / (1 - b) + c sum_k b^k F_(T-k)

For a given ``b`` that is linear in the other three unknowns. They are the non-negative least
squares (Lawson and Hanson, 1974) against the next window, where the interest is 1 in the product
that followed and 0 in all others; ``b`` is the one of a grid with the smallest residual. A
first-order autoregressive state with an input is known as ARX (Ljung, System Identification, 1987).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import nnls

from recommender.baselines.item_knn import ItemKNN
from recommender.baselines.popularity import Popularity
from recommender.baselines.sequences import Sequences

FADING = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
HISTORY = 200
CASES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearInterest:
    """The fitted state.

    Attributes:
        a: interest that comes by itself at every event, in units of a product's popularity.
        b: what is left of the interest after one more event, below 1.
        c: interest that one visit of weight and depth 1 brings.
        own: part of it that stays with the product visited; the rest goes to its neighbors.
        typical_dwell: seconds, the median of the dwell that was measured; a look of that length has
            depth 1.
        popularity: float32[n], shares.
        near: float32[n, n] CSR, cosine of neighbors.
    """

    a: float
    b: float
    c: float
    own: float
    typical_dwell: float
    popularity: npt.NDArray[np.float32]
    near: sparse.csr_matrix
    name: str = "linear-interest"

    @classmethod
    def fit(cls, events: Sequences, *, neighbors: int = 100) -> LinearInterest:
        """Fit the four numbers on the last event of every shopper, then count all events.

        Args:
            events: the training events.
            neighbors: products a visit spreads to.
        """
        ready = np.flatnonzero(events.lengths >= 2)
        cuts = events.offsets[1:].copy()
        cuts[ready] -= 1
        before = events.cut(events.offsets[:-1], cuts)
        if len(ready) > CASES:
            ready = ready[np.linspace(0, len(ready) - 1, CASES).astype(np.int64)]
        dwell = typical_dwell(before)
        resting, b, own, spread = _least_squares(
            deepen(before.take(ready), typical=dwell),
            events.items[events.offsets[1:][ready] - 1],
            Popularity.fit(before).shares,
            ItemKNN.fit(before, neighbors=neighbors).matrix,
        )
        return cls(
            a=resting * (1 - b),
            b=b,
            c=own + spread,
            own=own / (own + spread) if own + spread > 0 else 1.0,
            typical_dwell=dwell,
            popularity=Popularity.fit(events).shares,
            near=ItemKNN.fit(events, neighbors=neighbors).matrix,
        )

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n], the interest after the newest event."""
        visits = feedback(deepen(histories, typical=self.typical_dwell), fading=self.b)
        fed = self.c * (self.own * visits + (1 - self.own) * (visits @ self.near))
        interest: npt.NDArray[np.float32] = sparse.csr_matrix(fed, dtype=np.float32).toarray()
        interest += np.float32(self.a / (1 - self.b)) * self.popularity
        return interest


def typical_dwell(events: Sequences) -> float:
    """Return the median of the measured dwell in seconds; 1 where none was measured."""
    if events.dwell is None or not (events.dwell > 0).any():
        return 1.0
    return float(np.median(events.dwell[events.dwell > 0]))


def deepen(histories: Sequences, *, typical: float) -> Sequences:
    """Return the histories with each weight multiplied by the depth of its visit."""
    if histories.dwell is None:
        return histories
    depth = np.log1p(histories.dwell) / np.log1p(np.float32(typical))
    weights = histories.weights * np.where(histories.dwell > 0, depth, 1.0)
    return replace(histories, weights=weights.astype(np.float32))


def feedback(histories: Sequences, *, fading: float) -> sparse.csr_matrix:
    """Return float32[s, n]: the sum of ``fading ** age * weight`` per shopper and product."""
    return histories.matrix(decay=fading, last=HISTORY, weighted=True)


def _least_squares(
    histories: Sequences,
    targets: npt.NDArray[np.int32],
    popularity: npt.NDArray[np.float32],
    near: sparse.csr_matrix,
) -> tuple[float, float, float, float]:
    """Return interest at rest, fading, and the feeding of the product itself and its neighbors."""
    best = (1.0, 0.0, 0.0, 0.0)
    smallest = np.inf
    for fading in FADING:
        own = feedback(histories, fading=fading)
        around = sparse.csr_matrix(own @ near)
        products, moments = _normal_equations(popularity, own, around, targets)
        # The Cholesky factor turns the normal equations into a problem of three rows.
        scale = np.sqrt(np.maximum(np.diag(products), 1e-12))
        root = np.linalg.cholesky(products / np.outer(scale, scale) + 1e-6 * np.eye(3))
        solution, residual = nnls(root.T, np.linalg.solve(root, moments / scale))
        energy = residual**2 - float(np.square(np.linalg.solve(root, moments / scale)).sum())
        if energy < smallest:
            smallest = energy
            resting, fed, spread = (float(value) for value in solution / scale)
            best = (resting, fading, fed, spread)
    return best


def _normal_equations(
    popularity: npt.NDArray[np.float32],
    own: sparse.csr_matrix,
    around: sparse.csr_matrix,
    targets: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return ``X'X`` float64[3, 3] and ``X'y`` float64[3] over all shoppers and products."""
    rest = popularity.astype(np.float64)
    rows = np.arange(len(targets))
    products = np.zeros((3, 3))
    products[0, 0] = len(targets) * np.square(rest).sum()
    products[0, 1] = products[1, 0] = _column_sums(own) @ rest
    products[0, 2] = products[2, 0] = _column_sums(around) @ rest
    products[1, 1] = np.square(own.data.astype(np.float64)).sum()
    products[2, 2] = np.square(around.data.astype(np.float64)).sum()
    products[1, 2] = products[2, 1] = own.multiply(around).sum()
    moments = [rest[targets].sum(), own[rows, targets].sum(), around[rows, targets].sum()]
    return products, np.array(moments, dtype=np.float64)


def _column_sums(matrix: sparse.csr_matrix) -> npt.NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=0), dtype=np.float64).reshape(-1)

"""Exact search over the product vectors, and the denominator that turns scores into odds."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime

from recommender.serving.encoder import open_session
from recommender.serving.product_graph import QUERY, SCORES, ZERO, product_graph

LARGEST = 127
CHUNK = 16_384

Items = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class Neighbors(NamedTuple):
    """Products closest to a vector, best first.

    Attributes:
        items: int64[m].
        scores: float32[m], inner products.
    """

    items: Items
    scores: Floats


class VectorScan:
    """A table of product vectors, float16[n, d], searched completely.

    A scan multiplies one byte a component: the speed of memory is what limits it. What it finds is
    scored again from the table, and so many are that none left out can belong to the answer: the
    score of a product differs from that of its bytes by at most
    ``|q| max|v - v'| + |q - q'| max|v'|``, where q' and v' are what the bytes say (Cauchy-Schwarz).
    So the answer is the one the whole table would give.
    """

    def __init__(self, vectors: npt.NDArray[np.float16]) -> None:
        self.vectors = vectors
        self.n, self.d = vectors.shape
        self._lock = threading.Lock()
        self._coded: _Coded | None = None

    def gather(self, items: npt.NDArray[np.integer]) -> Floats:
        """Return float32[m, d], the vectors of ``items``."""
        rows: Floats = self.vectors[items].astype(np.float32)
        return rows

    def scores(self, query: Floats) -> ScannedScores:
        """Return the inner product of ``query``, float32[d], with every product."""
        coded = self._open()
        step = max(float(np.abs(query).max()), 1e-12) / LARGEST
        codes = np.rint(query / np.float32(step))
        lost = float(np.linalg.norm(query - codes * np.float32(step)))
        feed = {QUERY: (codes + ZERO).astype(np.uint8)[None]}
        (rough,) = coded.session.run([SCORES], feed)
        unit = step * coded.step
        margin = float(np.linalg.norm(query)) * coded.error + lost * coded.length
        return ScannedScores(self, query, rough[0], unit, margin)

    def _open(self) -> _Coded:
        with self._lock:
            if self._coded is None:
                self._coded = _code(self.vectors)
            return self._coded


class ScannedScores:
    """Scores of all products for one query, exact where it matters."""

    def __init__(
        self,
        scan: VectorScan,
        query: Floats,
        rough: npt.NDArray[np.int32],
        unit: float,
        margin: float,
    ) -> None:
        self._scan, self._query = scan, query
        self._rough, self._unit, self._margin = rough, unit, margin

    def of(self, items: npt.NDArray[np.integer]) -> Floats:
        """Return float32[m], the inner products of ``items``."""
        return self._scan.gather(items) @ self._query

    def top(self, count: int, eligible: npt.NDArray[np.bool_] | None = None) -> Neighbors:
        """Return the ``count`` products with the largest inner product among the eligible."""
        among = None if eligible is None else np.flatnonzero(eligible)
        rough = self._rough if among is None else self._rough[among]
        first = len(rough) - count
        floor = int(rough.min()) if first <= 0 else int(np.partition(rough, first)[first])
        places = np.flatnonzero(rough >= floor - int(2 * self._margin / self._unit) - 1)
        found = places if among is None else among[places]
        scores = self.of(found)
        order = np.argsort(-scores, kind="stable")[:count]
        return Neighbors(found[order], scores[order])

    def log_normalizer(self, top: Neighbors) -> float:
        """Return log sum over all products of exp(score).

        Args:
            top: the largest scores, which carry most of the sum and are added exactly.
        """
        odds = self._rough.astype(np.float32)
        odds *= np.float32(self._unit)
        peak = float(top.scores[0]) if len(top.scores) else float(odds.max())
        odds -= np.float32(peak)
        np.exp(odds, out=odds)
        odds[top.items] = np.exp(top.scores - np.float32(peak))
        return peak + float(np.log(odds.sum()))


class _Coded(NamedTuple):
    """The table as bytes, in a session that multiplies it.

    Attributes:
        session: of the graph.
        step: value of one unit of a byte.
        error: the largest distance of a vector to what its bytes say.
        length: the largest length of what the bytes of a vector say.
    """

    session: onnxruntime.InferenceSession
    step: float
    error: float
    length: float


def _code(vectors: npt.NDArray[np.float16]) -> _Coded:
    n, d = vectors.shape
    reach = max(float(vectors.max()), -float(vectors.min())) if n else 0.0
    step = max(reach, 1e-6) / LARGEST
    codes = np.empty((d, n), dtype=np.uint8)
    error = length = 0.0
    for start in range(0, n, CHUNK):
        rows = vectors[start : start + CHUNK].astype(np.float32)
        units = np.rint(rows / np.float32(step))
        codes[:, start : start + len(rows)] = (units + ZERO).T
        units *= np.float32(step)
        length = max(length, float(np.linalg.norm(units, axis=1).max()))
        error = max(error, float(np.linalg.norm(rows - units, axis=1).max()))
    return _Coded(open_session(product_graph(codes)), step, error, length)

"""Exact search over the product vectors, and the denominator that turns scores into odds."""

from __future__ import annotations

import threading

import faiss
import numpy as np
import numpy.typing as npt

EXACT_NORMALIZER = 16_384
NORMALIZER_SAMPLE = 8192
SAMPLE_SEED = 20_200

faiss.omp_set_num_threads(1)


class Neighbors:
    """Products closest to a vector: ``items`` int64[m] and ``scores`` float32[m], best first."""

    __slots__ = ("items", "scores")

    def __init__(self, items: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]) -> None:
        self.items = items
        self.scores = scores


class VectorScan:
    """A table of product vectors, float16[n, d], searched completely at half precision.

    The denominator of the softmax over all n products is a sum over all rows up to
    `EXACT_NORMALIZER` products. Above, the rows that the search returned are summed exactly and
    the rest is estimated from a fixed uniform sample of `NORMALIZER_SAMPLE` rows: the largest terms
    are never sampled, so the error of the estimate stays far below one percent.
    """

    def __init__(self, vectors: npt.NDArray[np.float16]) -> None:
        self.vectors = vectors
        self.n, self.d = vectors.shape
        self._lock = threading.Lock()
        self._index: faiss.IndexScalarQuantizer | None = None
        self._rows: npt.NDArray[np.int64] | None = None
        self._sample: npt.NDArray[np.float32] | None = None

    def gather(self, items: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
        """Return float32[m, d], the vectors of ``items``."""
        rows: npt.NDArray[np.float32] = self.vectors[items].astype(np.float32)
        return rows

    def top(
        self,
        query: npt.NDArray[np.float32],
        count: int,
        eligible: npt.NDArray[np.bool_] | None = None,
    ) -> Neighbors:
        """Return the ``count`` products with the largest inner product among the eligible."""
        parameters = None
        if eligible is not None:
            bits = np.packbits(eligible, bitorder="little")
            selector = faiss.IDSelectorBitmap(self.n, faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, items = self._open().search(query[None], min(count, self.n), params=parameters)
        found = items[0] >= 0
        return Neighbors(items[0][found], scores[0][found])

    def log_normalizer(self, query: npt.NDArray[np.float32], top: Neighbors) -> float:
        """Return log sum over all products of exp(query . vector).

        Args:
            query: float32[d].
            top: what `top` returned for this query with no eligibility.
        """
        self._open()
        assert self._sample is not None
        assert self._rows is not None
        scores = self._sample @ query
        peak = float(max(scores.max(), top.scores[0] if len(top.scores) else -np.inf))
        if len(self._rows) == self.n:
            return peak + float(np.log(np.exp(scores - peak).sum(dtype=np.float64)))
        floor = float(top.scores[-1])
        tail = np.exp(scores[scores < floor] - peak).sum(dtype=np.float64)
        head = np.exp(top.scores - peak).sum(dtype=np.float64)
        return peak + float(np.log(head + tail * (self.n / len(self._rows))))

    def _open(self) -> faiss.IndexScalarQuantizer:
        with self._lock:
            if self._index is None:
                index = faiss.IndexScalarQuantizer(
                    self.d, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
                )
                for start in range(0, self.n, 65_536):
                    index.add(self.vectors[start : start + 65_536].astype(np.float32))
                rows = np.arange(self.n, dtype=np.int64)
                if self.n > EXACT_NORMALIZER:
                    choice = np.random.default_rng(SAMPLE_SEED)
                    rows = np.sort(choice.choice(rows, NORMALIZER_SAMPLE, replace=False))
                self._sample = self.gather(rows)
                self._rows = rows
                self._index = index
            return self._index

"""The recall encoder as ONNX: a history of product vectors becomes one vector of the shopper.

The item table stays outside the graph, so the file is small and the vectors are mapped once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from recommender.serving.format import FolderError

VECTORS_INPUT, AGES_INPUT = "vectors", "ages"
KINDS_INPUT, DWELL_INPUT, BANDS_INPUT = "kinds", "dwell", "bands"
STATE_OUTPUT = "state"


class Encoder:
    """One ONNX session on one thread, opened at first use; safe to share between threads."""

    def __init__(self, path: Path, *, history: int, inputs: Sequence[str] = ()) -> None:
        """Remember what the graph reads.

        Args:
            path: the ONNX file.
            history: events it reads, the newest ones.
            inputs: as in `recommender.serving.format.Meta`; product and gap are always handed over.
        """
        self._path = path
        self._inputs = frozenset(inputs)
        self._history = history
        self._session: onnxruntime.InferenceSession | None = None
        self._lock = threading.Lock()

    def state(
        self,
        vectors: npt.NDArray[np.float32],
        ages: npt.NDArray[np.float32],
        *,
        kinds: npt.NDArray[np.integer] | None = None,
        dwell: npt.NDArray[np.float32] | None = None,
        bands: npt.NDArray[np.integer] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Return float32[d], the shopper's state after the newest event.

        Args:
            vectors: float32[h, d], vectors of the history, oldest first, h >= 1.
            ages: float32[h], seconds before the newest event (the last is 0).
            kinds: int[h], codes of event kinds; needed where the graph reads them, as are
            dwell: float32[h], seconds, and
            bands: int[h], price bands of the products.
        """
        recent = vectors[-self._history :]
        feed: dict[str, npt.NDArray[Any]] = {
            VECTORS_INPUT: np.ascontiguousarray(recent, dtype=np.float32)[None],
            AGES_INPUT: np.ascontiguousarray(ages[-self._history :], dtype=np.float32)[None],
        }
        if "kind" in self._inputs and kinds is not None:
            feed[KINDS_INPUT] = np.asarray(kinds[-self._history :], dtype=np.int64)[None]
        if "dwell" in self._inputs and dwell is not None:
            feed[DWELL_INPUT] = np.asarray(dwell[-self._history :], dtype=np.float32)[None]
        if "band" in self._inputs and bands is not None:
            feed[BANDS_INPUT] = np.asarray(bands[-self._history :], dtype=np.int64)[None]
        (states,) = self._open().run([STATE_OUTPUT], feed)
        state: npt.NDArray[np.float32] = states[0]
        return state

    def _open(self) -> onnxruntime.InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = open_session(self._path)
            return self._session


def open_session(graph: Path | bytes) -> onnxruntime.InferenceSession:
    """Open an ONNX file, or its content, on one thread of the CPU.

    Raises:
        FolderError: it is not a graph that onnxruntime can run.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(graph) if isinstance(graph, Path) else graph,
            sess_options=options,
            providers=["CPUExecutionProvider"],
        )
    except Exception as error:
        name = graph.name if isinstance(graph, Path) else "The graph"
        raise FolderError(f"{name} cannot be run: {error}") from error

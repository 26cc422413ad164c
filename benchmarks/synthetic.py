"""Published folders without training: arrays of any size, and a shop that looks like one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.events.kinds import DEFAULT_WEIGHTS
from recommender.serving.folder import file_hash, load
from recommender.serving.format import (
    DATA_FILE,
    ENCODER_FILE,
    INDICES_FILE,
    INDPTR_FILE,
    META_FILE,
    POPULAR_FILE,
    PRODUCTS_FILE,
    VECTORS_FILE,
    Meta,
    Weights,
    meta_to_json,
)

WIDTH = 64
FOLLOWERS = 40


def write_folder(
    folder: Path,
    *,
    products: npt.ArrayLike,
    popularity: npt.ArrayLike,
    transitions: Mapping[int, Mapping[int, float]] | None = None,
    rows: tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]] | None = None,
    vectors: npt.NDArray[np.float16] | None = None,
    encoder: Path | None = None,
    weights: Weights | None = None,
    seen_filter: bool = True,
    fresh_window: float = 0.0,
) -> Path:
    """Write a folder that `recommender.serving.folder.load` opens; return it.

    Args:
        folder: made if missing.
        products: int[n], mirror product ids.
        popularity: float[n], shares.
        transitions: item -> follower -> share; or give ``rows`` (indptr, indices, data).
        rows: the transitions as a CSR matrix.
        vectors: float16[n, d] and
        encoder: its ONNX file; both or neither.
        weights: the mix; transitions, popularity and repeats alike when not given.
        seen_filter: whether products of the history are withheld.
        fresh_window: seconds in which events of one product count as one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ids = np.asarray(products, dtype=np.int64)
    indptr, indices, data = rows if rows is not None else _csr(len(ids), transitions or {})
    arrays: dict[str, npt.NDArray[Any]] = {
        PRODUCTS_FILE: ids,
        POPULAR_FILE: np.asarray(popularity, dtype=np.float32),
        INDPTR_FILE: np.asarray(indptr, dtype=np.int64),
        INDICES_FILE: np.asarray(indices, dtype=np.int32),
        DATA_FILE: np.asarray(data, dtype=np.float32),
    }
    if vectors is not None and encoder is not None:
        arrays[VECTORS_FILE] = vectors
        (folder / ENCODER_FILE).write_bytes(encoder.read_bytes())
    for name, array in arrays.items():
        np.save(folder / name, array)
    names = [*arrays, *([ENCODER_FILE] if vectors is not None else [])]
    mix = weights or Weights(attention=0.0, transitions=0.4, popularity=0.3, repeats=0.3)
    meta = Meta(
        n=len(ids),
        d=0 if vectors is None else vectors.shape[1],
        inputs=("product", "position", "gap"),
        history=50,
        repeat_history=50,
        transition_history=5,
        transition_decay=0.7,
        repeat_decay=0.9,
        temperature=1.0,
        weights=mix,
        seen_filter=seen_filter,
        fresh_window=fresh_window,
        timed=True,
        kind_weights={kind.code: weight for kind, weight in DEFAULT_WEIGHTS.items()},
        metrics={},
        trained_at=datetime.now(UTC).isoformat(),
        manifest={},
        files={name: file_hash(folder / name) for name in names},
    )
    (folder / META_FILE).write_text(json.dumps(meta_to_json(meta)), encoding="utf-8")
    load(folder)
    return folder


def write_large(folder: Path, *, products: npt.NDArray[np.int64], encoder: Path) -> Path:
    """Write a folder of a believable shop: long-tailed popularity, clustered vectors."""
    n = len(products)
    draw = np.random.default_rng(7)
    popularity = 1.0 / np.arange(1, n + 1) ** 0.9
    draw.shuffle(popularity)
    centers = draw.normal(size=(max(8, n // 200), WIDTH))
    vectors = centers[draw.integers(len(centers), size=n)] + 0.5 * draw.normal(size=(n, WIDTH))
    vectors *= 2.0 / np.linalg.norm(vectors, axis=1, keepdims=True)
    indptr = np.arange(n + 1, dtype=np.int64) * FOLLOWERS
    indices = np.sort(draw.integers(n, size=(n, FOLLOWERS)), axis=1)
    data = draw.dirichlet(np.full(FOLLOWERS, 0.3), size=n)
    return write_folder(
        folder,
        products=products,
        popularity=popularity / popularity.sum(),
        rows=(indptr, indices.reshape(-1), data.reshape(-1)),
        vectors=vectors.astype(np.float16),
        encoder=encoder,
        weights=Weights(attention=0.5, transitions=0.3, popularity=0.1, repeats=0.1),
        seen_filter=False,
        fresh_window=1800.0,
    )


def write_encoder(target: Path) -> Path:
    """Write an untrained encoder of the preset "small"; a subprocess, so torch stays out."""
    import subprocess
    import sys

    program = (
        "import sys, pathlib, torch\n"
        "from recommender.attention import checkpoint, config, network\n"
        "from recommender.attention.export import export_encoder\n"
        "torch.manual_seed(7)\n"
        "made = network.RecallNetwork(config.preset('small', n=8, dropout=0.0, timed=True))\n"
        "place = pathlib.Path(sys.argv[1])\n"
        "checkpoint.save_network(made, place.with_suffix('.checkpoint'), notes={})\n"
        "export_encoder(place.with_suffix('.checkpoint'), place)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(target)], check=True)
    return target


def _csr(
    n: int, transitions: Mapping[int, Mapping[int, float]]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    indptr, indices, data = [0], [], []
    for item in range(n):
        for follower, share in sorted(transitions.get(item, {}).items()):
            indices.append(follower)
            data.append(share)
        indptr.append(len(indices))
    return np.array(indptr), np.array(indices, dtype=np.int32), np.array(data)

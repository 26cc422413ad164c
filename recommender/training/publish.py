"""Write a published folder: arrays, encoder, self-test, hashes; visible only when complete."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.serving import format as layout
from recommender.serving.folder import check_answers, file_hash, load
from recommender.serving.format import Meta, meta_to_json
from recommender.training.arrays import write_json

SELF_TEST_LENGTH = 10


def write_folder(
    target: Path,
    *,
    meta: Meta,
    products: npt.NDArray[np.int64],
    popularity: npt.NDArray[np.float32],
    transitions: sparse.csr_matrix,
    vectors: npt.NDArray[np.float32] | None,
    encoder: Path | None,
    histories: Sequence[tuple[npt.NDArray[np.integer], npt.NDArray[np.floating]]],
) -> Meta:
    """Write ``target`` and return its final meta. The folder appears by one rename.

    Args:
        target: the folder; an older one in its place is replaced.
        meta: all but ``files`` and ``self_test``, which are filled here.
        products: int64[n].
        popularity: float32[n], shares.
        transitions: float32[n, n], sorted indices.
        vectors: float32[n, d], stored as half precision; None without an encoder.
        encoder: an ONNX file to copy; None without an encoder.
        histories: items and ages of a few histories, for the self-test.

    Raises:
        FolderError: what was written cannot be loaded or does not repeat its own answers.
    """
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    _save(draft / layout.PRODUCTS_FILE, products, np.int64)
    _save(draft / layout.POPULAR_FILE, popularity, np.float32)
    _save(draft / layout.INDPTR_FILE, transitions.indptr, np.int64)
    _save(draft / layout.INDICES_FILE, transitions.indices, np.int32)
    _save(draft / layout.DATA_FILE, transitions.data, np.float32)
    if vectors is not None and encoder is not None:
        _save(draft / layout.VECTORS_FILE, vectors, np.float16)
        shutil.copyfile(encoder, draft / layout.ENCODER_FILE)
    hashes = {path.name: file_hash(path) for path in sorted(draft.iterdir())}
    meta = replace(meta, files=hashes, self_test=())
    write_json(draft / layout.META_FILE, meta_to_json(meta))
    meta = replace(meta, self_test=_answers(draft, histories))
    write_json(draft / layout.META_FILE, meta_to_json(meta))
    check_answers(load(draft))
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
    return meta


def _answers(
    folder: Path,
    histories: Sequence[tuple[npt.NDArray[np.integer], npt.NDArray[np.floating]]],
) -> tuple[dict[str, Any], ...]:
    published = load(folder, verify=False)
    cases = []
    for items, ages in histories:
        ranked = published.rank(items, ages, k=SELF_TEST_LENGTH)
        if len(ranked.items) == 0:
            continue
        cases.append(
            {
                "items": [int(item) for item in items],
                "ages": [float(age) for age in ages],
                "expected": [int(item) for item in ranked.items],
                "scores": [float(score) for score in ranked.scores],
            }
        )
    return tuple(cases)


def _save(path: Path, array: npt.ArrayLike, dtype: type[np.generic]) -> None:
    np.save(path, np.ascontiguousarray(array).astype(dtype), allow_pickle=False)

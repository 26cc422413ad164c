"""Write a published folder: arrays, encoder, self-test, hashes; visible only when complete."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.serving import format as layout
from recommender.serving.folder import check_answers, file_hash, load
from recommender.serving.format import Meta, meta_to_json
from recommender.training.arrays import write_json

SELF_TEST_LENGTH = 10


class RawHistory(NamedTuple):
    """One history as a shop hands it over, oldest first.

    Attributes:
        items: int[h].
        ages: float[h], seconds since each event.
        kinds: int[h], codes of event kinds; None where they are not known.
        dwell: float[h], seconds of each event; None for 0 each.
    """

    items: npt.NDArray[np.integer]
    ages: npt.NDArray[np.floating]
    kinds: npt.NDArray[np.integer] | None = None
    dwell: npt.NDArray[np.floating] | None = None


def write_folder(
    target: Path,
    *,
    meta: Meta,
    products: npt.NDArray[np.int64],
    popularity: npt.NDArray[np.float32],
    transitions: sparse.csr_matrix,
    vectors: npt.NDArray[np.float32] | None,
    encoder: Path | None,
    histories: Sequence[RawHistory],
    bands: npt.NDArray[np.uint8] | None = None,
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
        histories: a few, for the self-test.
        bands: uint8[n], price band of each product; needed where the encoder reads bands.

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
        if bands is not None and "band" in meta.inputs:
            _save(draft / layout.BANDS_FILE, bands, np.uint8)
    hashes = {path.name: file_hash(path) for path in sorted(draft.iterdir())}
    meta = replace(meta, files=hashes, self_test=())
    write_json(draft / layout.META_FILE, meta_to_json(meta))
    meta = replace(meta, self_test=_answers(draft, histories))
    write_json(draft / layout.META_FILE, meta_to_json(meta))
    check_answers(load(draft))
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
    return meta


def _answers(folder: Path, histories: Sequence[RawHistory]) -> tuple[dict[str, Any], ...]:
    published = load(folder, verify=False)
    cases = []
    for history in histories:
        items, ages, kinds, dwell = history
        ranked = published.rank(items, ages, k=SELF_TEST_LENGTH, kinds=kinds, dwell=dwell)
        if len(ranked.items) == 0:
            continue
        case = {
            "items": items.tolist(),
            "ages": ages.tolist(),
            "expected": ranked.items.tolist(),
            "scores": ranked.scores.tolist(),
        }
        if kinds is not None:
            case["kinds"] = kinds.tolist()
        if dwell is not None:
            case["dwell"] = dwell.tolist()
        cases.append(case)
    return tuple(cases)


def _save(path: Path, array: npt.ArrayLike, dtype: type[np.generic]) -> None:
    np.save(path, np.ascontiguousarray(array).astype(dtype), allow_pickle=False)

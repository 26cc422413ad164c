"""Open a published folder: check hashes and format, map the arrays, return the served scorer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.serving.encoder import Encoder
from recommender.serving.followers import FollowerTable
from recommender.serving.format import (
    ATTENTION_FILES,
    BANDS_FILE,
    DATA_FILE,
    ENCODER_FILE,
    INDICES_FILE,
    INDPTR_FILE,
    META_FILE,
    POPULAR_FILE,
    PRODUCTS_FILE,
    STATISTICS_FILES,
    VECTORS_FILE,
    FolderError,
    Meta,
    meta_from_json,
)
from recommender.serving.recall import Published
from recommender.serving.scan import VectorScan

__all__ = ["FolderError", "Published", "check_answers", "content_hash", "load", "read_meta"]

_BLOCK = 1 << 20


def load(folder: Path | str, *, verify: bool = True) -> Published:
    """Return the model published in ``folder``. Arrays are mapped, the encoder opens at first use.

    Args:
        folder: a folder whose ``meta.json`` was written last.
        verify: compare every file with its sha256 first.

    Raises:
        FolderError: missing, unfinished, altered, of another format, or arrays that contradict
            ``meta.json``.
    """
    source = Path(folder)
    meta = read_meta(source)
    has_bands = meta.d > 0 and "band" in meta.inputs
    expected = STATISTICS_FILES + (ATTENTION_FILES if meta.d > 0 else ())
    expected += (BANDS_FILE,) if has_bands else ()
    for name in expected:
        if name not in meta.files:
            raise FolderError(f"{META_FILE} in {source.name} lists no hash of {name}.")
    if verify:
        for name, digest in meta.files.items():
            if file_hash(source / name) != digest:
                raise FolderError(f"{name} in {source.name} is not the file that was published.")
    scan = encoder = None
    if meta.d > 0:
        scan = VectorScan(_map(source, VECTORS_FILE, np.float16, (meta.n, meta.d)))
        encoder = Encoder(source / ENCODER_FILE, history=meta.history, inputs=meta.inputs)
    indptr = _map(source, INDPTR_FILE, np.int64, (meta.n + 1,))
    indices = _map(source, INDICES_FILE, np.int32, (int(indptr[-1]),))
    if len(indices) and (indices.min() < 0 or indices.max() >= meta.n):
        raise FolderError(f"{INDICES_FILE} in {source.name} names items that do not exist.")
    return Published(
        meta=meta,
        products=_map(source, PRODUCTS_FILE, np.int64, (meta.n,)),
        popularity=_map(source, POPULAR_FILE, np.float32, (meta.n,)),
        followers=FollowerTable(
            indptr=indptr,
            indices=indices,
            data=_map(source, DATA_FILE, np.float32, (len(indices),)),
            history=meta.transition_history,
            decay=meta.transition_decay,
        ),
        scan=scan,
        encoder=encoder,
        bands=_map(source, BANDS_FILE, np.uint8, (meta.n,)) if has_bands else None,
    )


def read_meta(folder: Path | str) -> Meta:
    """Return what ``meta.json`` says, without opening the other files.

    Raises:
        FolderError: no such file, not JSON, or of another format.
    """
    path = Path(folder) / META_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FolderError(f"{path} does not exist: not published, or not finished.") from error
    except (OSError, ValueError) as error:
        raise FolderError(f"{path} cannot be read: {error}") from error
    return meta_from_json(content)


def content_hash(folder: Path | str) -> str:
    """Return the sha256 of ``meta.json``, which holds the hash of every other file."""
    return file_hash(Path(folder) / META_FILE)


def file_hash(path: Path) -> str:
    """Return the sha256 of a file, in hex.

    Raises:
        FolderError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise FolderError(f"{path.name} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def check_answers(published: Published) -> None:
    """Replay the histories of ``meta.json`` and compare answers with those at publishing.

    The best item must agree in score within 2 percent: processors differ in the last digits.

    Raises:
        FolderError: an answer differs.
    """
    for number, case in enumerate(published.meta.self_test):
        ranked = published.rank(
            case["items"],
            case["ages"],
            k=len(case["expected"]),
            kinds=case.get("kinds"),
            dwell=case.get("dwell"),
        )
        known = dict(zip(case["expected"], case["scores"], strict=True))
        best = int(ranked.items[0]) if len(ranked.items) else -1
        close = best in known and abs(known[best] - ranked.scores[0]) <= 0.02 * known[best]
        if not close:
            raise FolderError(f"Self-test {number} does not give the published answer.")


def _map(
    source: Path, name: str, dtype: type[np.generic], shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(source / name, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise FolderError(f"{name} in {source.name} cannot be read: {error}") from error
    if array.dtype != dtype or array.shape != shape:
        raise FolderError(
            f"{name} in {source.name} must be {np.dtype(dtype).name}{list(shape)}, "
            f"not {array.dtype.name}{list(array.shape)}."
        )
    return np.asarray(array)  # still mapped, without the cost of the memmap class

"""The product attributes of a manifest: one optional file beside its arrays.

``attributes.npz`` holds the arrays of `recommender.attention.content.attributes`, texts as UTF-8
bytes with offsets; ``manifest.json`` holds their digest and what was cleaned. A manifest without
them is learned from by product ids alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from recommender.attention.content.attributes import (
    ProductAttributes,
    ProductRow,
    clean_attributes,
)
from recommender.training.arrays import (
    AttributesMeta,
    Manifest,
    ManifestError,
    digest_arrays,
)

ATTRIBUTES_FILE = "attributes.npz"

_DTYPES: dict[str, type[np.generic]] = {
    "category_offsets": np.int64,
    "categories": np.int32,
    "tag_offsets": np.int64,
    "tags": np.int32,
    "brands": np.int32,
    "currencies": np.int32,
    "prices": np.int64,
    "ratings": np.float32,
    "labels": np.uint8,
    "label_offsets": np.int64,
    "texts": np.uint8,
    "text_offsets": np.int64,
}
_PER_PRODUCT = ("brands", "currencies", "prices", "ratings")


def write_attributes(folder: Path, rows: Iterable[ProductRow]) -> AttributesMeta:
    """Clean ``rows``, write them into ``folder`` (made if needed) and return what to note of them.

    Args:
        folder: of the manifest, which `recommender.training.arrays.write_manifest` completes.
        rows: one of each product, in the order of ``products.npy``.
    """
    attributes = clean_attributes(rows)
    arrays = _arrays(attributes)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{ATTRIBUTES_FILE}.{os.getpid()}"
    with draft.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
    draft.replace(folder / ATTRIBUTES_FILE)
    return AttributesMeta(
        products=len(attributes), digest=digest_arrays(arrays), cleaned=attributes.cleaned
    )


def read_attributes(folder: Path, manifest: Manifest) -> ProductAttributes | None:
    """Return the attributes of the products of ``manifest``, read from its ``folder``.

    None when the manifest was written without attributes.

    Raises:
        ManifestError: the file is missing, altered or contradicts itself.
    """
    noted = manifest.meta.attributes
    if noted is None:
        return None
    path = folder / ATTRIBUTES_FILE
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {name: content[name] for name in _DTYPES}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ManifestError(f"{path} cannot be read: {error}") from error
    if digest_arrays(arrays) != noted.digest:
        raise ManifestError(f"{path} is not the file the manifest was written with.")
    _check(arrays, len(manifest.products))
    return ProductAttributes(
        labels=_texts(arrays.pop("labels"), arrays.pop("label_offsets")),
        texts=_texts(arrays.pop("texts"), arrays.pop("text_offsets")),
        cleaned=noted.cleaned,
        **arrays,
    )


def _arrays(attributes: ProductAttributes) -> dict[str, npt.NDArray[Any]]:
    labels, label_offsets = _bytes(attributes.labels)
    texts, text_offsets = _bytes(attributes.texts)
    arrays: dict[str, npt.NDArray[Any]] = {
        "labels": labels,
        "label_offsets": label_offsets,
        "texts": texts,
        "text_offsets": text_offsets,
    }
    for name in _DTYPES:
        if name not in arrays:
            arrays[name] = getattr(attributes, name)
    return arrays


def _check(arrays: dict[str, npt.NDArray[Any]], products: int) -> None:
    """Raise `ManifestError` unless the arrays describe ``products`` products."""
    for name, dtype in _DTYPES.items():
        if arrays[name].dtype != dtype or arrays[name].ndim != 1:
            raise ManifestError(f"{name} must be one-dimensional {np.dtype(dtype).name}.")
    if any(len(arrays[name]) != products for name in _PER_PRODUCT):
        raise ManifestError(f"{ATTRIBUTES_FILE} must describe {products} products.")
    for name, content, rows in (
        ("category_offsets", "categories", products),
        ("tag_offsets", "tags", products),
        ("text_offsets", "texts", products),
        ("label_offsets", "labels", len(arrays["label_offsets"]) - 1),
    ):
        offsets = arrays[name]
        whole = len(offsets) == rows + 1 >= 1 and offsets[0] == 0
        if not whole or offsets[-1] != len(arrays[content]) or np.any(np.diff(offsets) < 0):
            raise ManifestError(f"{name} must rise from 0 to the length of {content}.")
    labels = len(arrays["label_offsets"]) - 1
    for name, least in (("categories", 0), ("tags", 0), ("brands", -1), ("currencies", -1)):
        used = arrays[name]
        if len(used) and (used.min() < least or used.max() >= labels):
            raise ManifestError(f"{name} must be rows of labels.")


def _bytes(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    encoded = [text.encode() for text in texts]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(each) for each in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets


def _texts(content: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> tuple[str, ...]:
    whole = content.tobytes()
    bounds = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    return tuple(whole[start:end].decode() for start, end in bounds)

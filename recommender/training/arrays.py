"""The manifest folder: permitted events as plain arrays, between the database and the trainer.

A manifest holds one sequence per shopper, oldest event first, with item indices instead of
product ids, and digests of what it was made from. It knows neither Django nor torch.

Files of a manifest folder:

=================  ==========  ==================================================
``manifest.json``              what, when, counts, digests (written last)
``products.npy``   int64[n]    mirror product ids; the row number is the item index
``offsets.npy``    int64[s+1]  sequence i is ``offsets[i]:offsets[i + 1]``
``items.npy``      int32[e]    item index, 0..n-1
``times.npy``      int64[e]    unix seconds (or positions, when ``timed`` is false)
``kinds.npy``      uint8[e]    code of the event kind
``values.npy``     int32[e]    value of the event, unit by kind
``attributes.npz``             what products are; optional, see `attributes`
=================  ==========  ==================================================
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT = 1
MANIFEST_FILE = "manifest.json"

_DTYPES: dict[str, type[np.generic]] = {
    "products": np.int64,
    "offsets": np.int64,
    "items": np.int32,
    "times": np.int64,
    "kinds": np.uint8,
    "values": np.int32,
}


class ManifestError(Exception):
    """A manifest folder is missing, incomplete, altered or contradicts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributesMeta:
    """What ``manifest.json`` says of ``attributes.npz``.

    Attributes:
        products: how many it describes.
        digest: sha256 over its arrays, see `digest_arrays`.
        cleaned: how many products had something removed, by what it was.
    """

    products: int
    digest: str
    cleaned: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestMeta:
    """What ``manifest.json`` says.

    Attributes:
        site: id of the site whose events these are.
        cut: ISO time of the snapshot; no event is younger.
        events, shoppers, products: sizes of the arrays.
        consent_digest: digest of the consent snapshot the rows were permitted by.
        events_digest: sha256 over the arrays, see `digest_arrays`.
        kind_weights: weight of each kind code; a kind that is absent weighs 1.
        timed: false when the source had no clock and ``times`` are positions.
        attributes: of the products; None when there are none.
        format: version of this layout.
    """

    site: int
    cut: str
    events: int
    shoppers: int
    products: int
    consent_digest: str
    events_digest: str
    kind_weights: dict[int, float] = field(default_factory=dict)
    timed: bool = True
    attributes: AttributesMeta | None = None
    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest in memory; array shapes are those of the module's table."""

    meta: ManifestMeta
    products: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.uint8]
    values: npt.NDArray[np.int32]

    def event_weights(self) -> npt.NDArray[np.float32]:
        """Return float32[e]: the weight of each event by its kind (1 for a kind not listed)."""
        table = np.ones(256, dtype=np.float32)
        for code, weight in self.meta.kind_weights.items():
            table[code] = weight
        return table[self.kinds]


def digest_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """Return the sha256 over names, types, shapes and bytes of the arrays, in name order."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def typed_arrays(arrays: Mapping[str, npt.ArrayLike]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays in the types of the module's table, as they are written and digested."""
    return {name: np.asarray(array).astype(_DTYPES[name]) for name, array in arrays.items()}


def write_manifest(
    folder: Path | str,
    *,
    site: int,
    cut: str,
    consent_digest: str,
    products: npt.ArrayLike,
    offsets: npt.ArrayLike,
    items: npt.ArrayLike,
    times: npt.ArrayLike,
    kinds: npt.ArrayLike | None = None,
    values: npt.ArrayLike | None = None,
    kind_weights: Mapping[int, float] | None = None,
    timed: bool = True,
    attributes: AttributesMeta | None = None,
) -> Manifest:
    """Check the arrays, write them below ``folder`` (made if needed) and return the manifest.

    ``manifest.json`` is written last and atomically: a folder without it is unfinished.
    ``kinds`` and ``values`` default to zeros; ``attributes`` is what
    `recommender.training.attributes.write_attributes` returned for the same folder.

    Raises:
        ManifestError: the arrays contradict each other; nothing is written.
    """
    count = len(np.asarray(items))
    arrays = {
        "products": products,
        "offsets": offsets,
        "items": items,
        "times": times,
        "kinds": np.zeros(count) if kinds is None else kinds,
        "values": np.zeros(count) if values is None else values,
    }
    typed = typed_arrays(arrays)
    _check(typed)
    if attributes is not None and attributes.products != len(typed["products"]):
        raise ManifestError("The attributes must be those of the products.")
    meta = ManifestMeta(
        site=site,
        cut=cut,
        events=count,
        shoppers=len(typed["offsets"]) - 1,
        products=len(typed["products"]),
        consent_digest=consent_digest,
        events_digest=digest_arrays(typed),
        kind_weights={int(code): float(weight) for code, weight in (kind_weights or {}).items()},
        timed=timed,
        attributes=attributes,
    )
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, array in typed.items():
        np.save(target / f"{name}.npy", array, allow_pickle=False)
    write_json(target / MANIFEST_FILE, asdict(meta))
    return Manifest(meta=meta, **typed)


def read_manifest(folder: Path | str, *, verify: bool = True) -> Manifest:
    """Read a manifest folder.

    Args:
        folder: the folder `write_manifest` filled.
        verify: also compare the arrays with the digest.

    Raises:
        ManifestError: missing, of another format, altered, or inconsistent.
    """
    source = Path(folder)
    meta = _read_meta(source)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, dtype in _DTYPES.items():
        try:
            array = np.load(source / f"{name}.npy", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ManifestError(f"{source / name}.npy cannot be read: {error}") from error
        if array.dtype != dtype or array.ndim != 1:
            raise ManifestError(f"{name}.npy must be one-dimensional {np.dtype(dtype).name}.")
        arrays[name] = array
    _check(arrays)
    if verify and digest_arrays(arrays) != meta.events_digest:
        raise ManifestError(f"The arrays in {source} are not those the manifest was written with.")
    return Manifest(meta=meta, **arrays)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON so that a reader sees the old file or the whole new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


def _read_meta(source: Path) -> ManifestMeta:
    path = source / MANIFEST_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ManifestError(f"{path} does not exist.") from error
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ManifestError(f"{path} is not a manifest of format {FORMAT}.")
    try:
        weights = {int(code): float(weight) for code, weight in content["kind_weights"].items()}
        noted = content.get("attributes")
        attributes = None if noted is None else AttributesMeta(**noted)
        return ManifestMeta(**{**content, "kind_weights": weights, "attributes": attributes})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"{path} does not follow the format: {error}") from error


def _check(arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raise `ManifestError` unless the arrays describe whole sequences of known items."""
    products, offsets, items = arrays["products"], arrays["offsets"], arrays["items"]
    count = len(items)
    if any(len(arrays[name]) != count for name in ("times", "kinds", "values")):
        raise ManifestError("items, times, kinds and values must have the same length.")
    if len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != count or np.any(np.diff(offsets) < 0):
        raise ManifestError("offsets must rise from 0 to the number of events.")
    if len(np.unique(products)) != len(products):
        raise ManifestError("products must be distinct.")
    if count and (items.min() < 0 or items.max() >= len(products)):
        raise ManifestError("items must be indices into products.")
    within = np.ones(max(count - 1, 0), dtype=bool)
    inner = offsets[1:-1]
    within[inner[(inner > 0) & (inner < count)] - 1] = False
    if np.any(np.diff(arrays["times"])[within] < 0):
        raise ManifestError("Events of a shopper must be ordered by time, oldest first.")

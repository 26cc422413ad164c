"""The published folder: file names, format version and what ``meta.json`` must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

FORMAT = 2
READABLE = (1, FORMAT)
"""Format 1 knew neither kinds, dwell nor price bands; such a folder answers as it always did."""
META_FILE = "meta.json"
ENCODER_FILE = "encoder.onnx"
VECTORS_FILE = "vectors.npy"
PRODUCTS_FILE = "products.npy"
POPULAR_FILE = "popular.npy"
INDPTR_FILE = "transitions.indptr.npy"
INDICES_FILE = "transitions.indices.npy"
DATA_FILE = "transitions.data.npy"
BANDS_FILE = "bands.npy"

STATISTICS_FILES = (PRODUCTS_FILE, POPULAR_FILE, INDPTR_FILE, INDICES_FILE, DATA_FILE)
ATTENTION_FILES = (ENCODER_FILE, VECTORS_FILE)
COMPONENTS = ("attention", "transitions", "popularity", "repeats")


class FolderError(Exception):
    """A published folder is missing, corrupt or of another format; the message says which."""


class Weights(NamedTuple):
    """Weight of each component of the mix: >= 0, sum 1."""

    attention: float
    transitions: float
    popularity: float
    repeats: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What ``meta.json`` says.

    Attributes:
        n: number of items.
        d: width of a product vector; 0 when no encoder is published.
        inputs: what the encoder reads of an event: "product", "position", "gap", "kind", "dwell",
            "band".
        kinds: kinds the encoder knows: a code that is not below is read as 0.
        history: events the encoder reads, newest last.
        repeat_history: events the shopper's own repeats are counted over.
        transition_history: newest events whose transitions are followed.
        transition_decay: weight of an event relative to the next newer one.
        repeat_decay: the same for the shopper's own repeats.
        temperature: divides the encoder's scores before the softmax.
        weights: the mix.
        seen_filter: whether products of the history are withheld.
        fresh_window: seconds in which events of one product count as one; such a product is
            withheld for that long even when ``seen_filter`` is false.
        timed: false when the training data had no clock: ages are then ignored.
        kind_weights: weight of each event kind code.
        metrics: offline metrics, by name.
        trained_at: ISO time.
        manifest: digests and sizes of the manifest trained on.
        self_test: histories with the items and scores this folder must answer.
        files: sha256 of every file.
        format: version of this layout.
    """

    n: int
    d: int
    inputs: tuple[str, ...]
    history: int
    repeat_history: int
    transition_history: int
    transition_decay: float
    repeat_decay: float
    temperature: float
    weights: Weights
    seen_filter: bool
    fresh_window: float
    timed: bool
    kind_weights: dict[int, float]
    metrics: dict[str, Any]
    trained_at: str
    manifest: dict[str, Any]
    kinds: int = 0
    self_test: tuple[dict[str, Any], ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


def meta_to_json(meta: Meta) -> dict[str, Any]:
    """Return plain JSON content of ``meta.json``."""
    return {**asdict(meta), "weights": meta.weights._asdict()}


def meta_from_json(content: Any) -> Meta:
    """Build `Meta` from parsed JSON.

    Raises:
        FolderError: another format version, or a key is missing, unknown or of a wrong type.
    """
    if not isinstance(content, Mapping):
        raise FolderError(f"{META_FILE} does not hold a JSON object.")
    found = content.get("format")
    if found not in READABLE:
        raise FolderError(f"{META_FILE} has format {found!r}; this version reads {FORMAT}.")
    try:
        plain = dict(content)
        plain["weights"] = Weights(**{k: float(v) for k, v in plain["weights"].items()})
        plain["kind_weights"] = {int(k): float(v) for k, v in plain["kind_weights"].items()}
        plain["inputs"] = tuple(plain["inputs"])
        plain["self_test"] = tuple(plain.get("self_test", ()))
        meta = Meta(**plain)
        _check(meta)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FolderError(f"{META_FILE} does not follow format {found}: {error}") from error
    return meta


def _check(meta: Meta) -> None:
    if meta.n < 1 or meta.d < 0:
        raise ValueError("n must be at least 1 and d at least 0")
    if min(meta.weights) < 0 or abs(sum(meta.weights) - 1) > 1e-4:
        raise ValueError("weights must be >= 0 and sum to 1")
    if meta.weights.attention > 0 and meta.d == 0:
        raise ValueError("attention has a weight but no encoder is published")
    if meta.temperature <= 0:
        raise ValueError("temperature must be above 0")

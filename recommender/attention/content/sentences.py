"""Titles and descriptions as dense features, from a sentence encoder on this machine.

The encoder is a folder in the layout of sentence-transformers (Reimers and Gurevych, 2019,
arXiv:1908.10084) with its ONNX export: ``onnx/model.onnx`` or ``model.onnx``, ``vocab.txt`` (word
pieces) and, if they are there, ``modules.json``, ``1_Pooling/config.json``,
``sentence_bert_config.json`` and ``tokenizer_config.json``. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from recommender.attention.content.wordpiece import WordPieces

GRAPHS = ("onnx/model.onnx", "model.onnx")
VOCABULARY = "vocab.txt"
STEPS = frozenset({"Transformer", "Pooling", "Normalize"})
INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})
LONGEST = 256
BATCH = 32
CHUNK = 1024


class SentenceEncoderError(Exception):
    """The folder holds no sentence encoder that can be read; the message says why."""


class SentenceEncoder:
    """Texts to vectors of length 1, one thread."""

    def __init__(self, folder: Path) -> None:
        """Open the encoder in ``folder``.

        Raises:
            SentenceEncoderError: something is missing or of a kind that cannot be read.
        """
        self.folder = folder
        graph = self._graph()
        self.takes_first = self._pooling() == "cls_token"
        self.length = self._length()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self.pieces = WordPieces.read(folder / VOCABULARY, lower=self._lower())
            self.session = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except SentenceEncoderError:
            raise
        except Exception as error:
            raise SentenceEncoderError(f"{folder} cannot be opened: {error}") from error
        self.inputs = {each.name for each in self.session.get_inputs()}
        if strange := self.inputs - INPUTS:
            raise SentenceEncoderError(f"{graph} asks for {', '.join(sorted(strange))}.")
        self.digest = _digest(graph, folder / VOCABULARY)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return float32[n, m], a row of length 1 for each text; an empty text too has one."""
        encoded = [self.pieces.encode(text, self.length) for text in texts]
        order = sorted(range(len(texts)), key=lambda row: len(encoded[row]))
        vectors: dict[int, npt.NDArray[np.float32]] = {}
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            for row, vector in zip(rows, self._run([encoded[row] for row in rows]), strict=True):
                vectors[row] = vector
        return np.stack([vectors[row] for row in range(len(texts))])

    def _run(self, encoded: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        longest = max(map(len, encoded))
        ids = np.full((len(encoded), longest), self.pieces.padding, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, numbers in enumerate(encoded):
            ids[row, : len(numbers)] = numbers
            mask[row, : len(numbers)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self.session.run(None, {name: feed[name] for name in self.inputs})[0]
        if states.ndim == 3:
            states = states[:, 0] if self.takes_first else _mean(states, mask)
        norms = np.linalg.norm(states, axis=1, keepdims=True)
        vectors: npt.NDArray[np.float32] = (states / np.maximum(norms, 1e-9)).astype(np.float32)
        return vectors

    def _graph(self) -> Path:
        graph = next((path for name in GRAPHS if (path := self.folder / name).is_file()), None)
        if graph is None:
            raise SentenceEncoderError(f"{self.folder} holds neither {' nor '.join(GRAPHS)}.")
        if not (self.folder / VOCABULARY).is_file():
            text = f"{self.folder} holds no {VOCABULARY}: only word pieces can be read."
            raise SentenceEncoderError(text)
        steps = {
            str(each.get("type")).rpartition(".")[2] for each in self._json("modules.json", [])
        }
        if strange := steps - STEPS:
            text = f"{self.folder} needs {', '.join(sorted(strange))}, which cannot be read."
            raise SentenceEncoderError(text)
        return graph

    def _pooling(self) -> str:
        modes = {
            name.removeprefix("pooling_mode_")
            for name, chosen in self._json("1_Pooling/config.json", {}).items()
            if name.startswith("pooling_mode_") and chosen is True
        }
        if modes - {"mean_tokens", "cls_token"} or len(modes) > 1:
            raise SentenceEncoderError(f"{self.folder} pools by {', '.join(sorted(modes))}.")
        return modes.pop() if modes else "mean_tokens"

    def _length(self) -> int:
        asked = self._json("sentence_bert_config.json", {}).get("max_seq_length")
        return min(LONGEST, asked) if isinstance(asked, int) and asked >= 2 else LONGEST

    def _lower(self) -> bool:
        return bool(self._json("tokenizer_config.json", {}).get("do_lower_case", True))

    def _json(self, name: str, absent: Any) -> Any:
        path = self.folder / name
        if not path.is_file():
            return absent
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SentenceEncoderError(f"{path} cannot be read: {error}") from error
        if not isinstance(content, type(absent)):
            raise SentenceEncoderError(f"{path} does not hold what it should.")
        return content


def sentence_features(
    texts: Sequence[str], folder: Path, *, kept: Path | None = None
) -> npt.NDArray[np.float32]:
    """Return float32[n, m], the vectors of ``texts``.

    Args:
        texts: one of each product.
        folder: of the encoder.
        kept: folder of vectors made before, by encoder and text; new ones are added to it as
            they are made, so that an interrupted run goes on where it was.

    Raises:
        SentenceEncoderError: there is no encoder in ``folder`` that can be read.
    """
    encoder = SentenceEncoder(folder)
    keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
    place = None if kept is None else kept / encoder.digest
    known = {} if place is None else _read(place)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    wanted = list(missing)
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        vectors = encoder.encode([missing[key] for key in chunk]).astype(np.float16)
        new = dict(zip(chunk, vectors, strict=True))
        known.update(new)
        if place is not None:
            _write(place, new)
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    return np.stack([known[key] for key in keys]).astype(np.float32)


def _read(place: Path) -> dict[bytes, npt.NDArray[np.float16]]:
    known: dict[bytes, npt.NDArray[np.float16]] = {}
    for path in sorted(place.glob("*.npz")):
        with np.load(path, allow_pickle=False) as content:
            keys, vectors = content["keys"], content["vectors"]
        known.update((key.tobytes(), vector) for key, vector in zip(keys, vectors, strict=True))
    return known


def _write(place: Path, new: dict[bytes, npt.NDArray[np.float16]]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    keys = np.frombuffer(b"".join(new), dtype=np.uint8).reshape(len(new), -1)
    name = hashlib.blake2b(keys.tobytes(), digest_size=16).hexdigest()
    draft = place / f".{name}.{os.getpid()}"
    with draft.open("wb") as stream:
        np.savez(stream, keys=keys, vectors=np.stack(list(new.values())))
    draft.replace(place / f"{name}.npz")


def _mean(states: npt.NDArray[np.float32], mask: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    weights = mask[:, :, None].astype(np.float32)
    mean: npt.NDArray[np.float32] = (states * weights).sum(axis=1) / weights.sum(axis=1)
    return mean


def _digest(*paths: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        digest.update(_hash_of(path))
    return digest.hexdigest()


def _hash_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()

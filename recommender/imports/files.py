"""Open plain and gzipped text files of a source, and take their digest."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast

from recommender.imports.records import ImportProblem

CHUNK = 1 << 20


def find(folder: Path, *names: str) -> Path:
    """The first of ``names`` in ``folder``, with or without ``.gz``.

    Raises:
        ImportProblem: none is there, or it is empty.
    """
    if not folder.exists():
        raise ImportProblem(f"{folder} does not exist.")
    if not folder.is_dir():
        raise ImportProblem(f"{folder} is not a folder.")
    for name in names:
        if (path := find_optional(folder, name)) is not None:
            return path
    raise ImportProblem(f"{folder} has no {' or '.join(names)} (plain or .gz).")


def find_optional(folder: Path, name: str) -> Path | None:
    """``name`` in ``folder``, with or without ``.gz``; None when it is not there.

    Raises:
        ImportProblem: it is empty.
    """
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return full(path)
    return None


def full(path: Path) -> Path:
    """``path``, when it holds anything.

    Raises:
        ImportProblem: it is empty, or is not what its name says.
    """
    try:
        with open_bytes(path) as file:
            if file.read(1):
                return path
    except (OSError, EOFError) as error:
        raise ImportProblem(f"{path} cannot be read: {error}") from None
    raise ImportProblem(f"{path} is empty.")


def open_bytes(path: Path) -> IO[bytes]:
    """The file's content, unpacked when its name ends in ``.gz``."""
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def digest(paths: Iterable[Path], *parts: str) -> str:
    """SHA-256 in hex over the files' bytes and ``parts``, in order."""
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    for part in parts:
        total.update(hashlib.sha256(part.encode()).digest())
    return total.hexdigest()

"""Small data sets of every format, of shoppers who walk round a circle of products."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes files into a folder; a name that ends in .gz is packed."""

    def write(**files: str) -> Path:
        folder = tmp_path / "anything"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / name.replace("__", ".")
            if path.suffix == ".gz":
                with gzip.open(path, "wt", encoding="utf-8") as file:
                    file.write(text)
            else:
                path.write_text(text, encoding="utf-8")
        return folder

    return write


def circle(start: int, length: int, *, n: int = 8) -> str:
    """Products of one walk: ``p3 p4 p5``."""
    return " ".join(f"p{(start + step) % n}" for step in range(length))

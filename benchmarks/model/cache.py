"""Keeps what a seed gave, so that the same question is not paid for twice.

The key is a digest of the data, the settings and the code that answers: the text of every Python
file that training, serving, the baselines and this benchmark are made of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.report import Row
from recommender.training.arrays import write_json

ROOT = Path(__file__).parents[2]
OUR_CODE = (
    "recommender/attention",
    "recommender/baselines",
    "recommender/serving",
    "recommender/training",
    "benchmarks/model",
)
BASELINE_CODE = ("recommender/baselines", "recommender/comparison", "benchmarks/model")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one question.

    Attributes:
        rows: of the table.
        notes: sentences below it.
    """

    rows: Sequence[Row]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder with one file for each question.

    Attributes:
        folder: made when needed; None keeps nothing.
        reads: false asks everything again, and keeps the new answer.
    """

    folder: Path | None
    reads: bool = True

    def answer(
        self, question: Mapping[str, Any], code: Sequence[str], ask: Callable[[], Kept]
    ) -> Kept:
        """Return what is kept of ``question``, or ask and keep it.

        Args:
            question: plain JSON content that the answer depends on.
            code: folders of the code that it depends on, too.
            ask: finds the answer.
        """
        if self.folder is None:
            return ask()
        text = json.dumps({**question, "code": code_digest(tuple(code))}, sort_keys=True)
        path = self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
        if self.reads and (found := _read(path)) is not None:
            return found
        answer = ask()
        self.folder.mkdir(parents=True, exist_ok=True)
        rows = [row.as_json() for row in answer.rows]
        write_json(path, {"question": dict(question), "rows": rows, "notes": list(answer.notes)})
        return answer


@cache
def code_digest(folders: tuple[str, ...]) -> str:
    """Return the sha256 over names and texts of all Python files below ``folders``."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> Kept | None:
    """What a file holds; None when there is none, or it was left unfinished or altered."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = [Row(row.pop("name"), row.pop("role"), row) for row in content["rows"]]
        return Kept(rows, content["notes"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None

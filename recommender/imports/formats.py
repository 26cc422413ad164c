"""The formats that ``manage.py import_dataset`` opens, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from recommender.imports import clockless
from recommender.imports.completejourney import CompleteJourney
from recommender.imports.jsonl import Jsonl
from recommender.imports.records import Source
from recommender.imports.rees46 import Rees46

Opener = Callable[[Path, int | None, str], Source]
"""Called with a path, a limit of events (None: all) and the pictures' address (may be empty)."""

FORMATS: dict[str, Opener] = {
    "beauty": lambda path, limit, pictures: clockless.open_beauty(path, limit),
    "completejourney": lambda path, limit, pictures: CompleteJourney(
        path, limit=limit, static_url=pictures
    ),
    "jsonl": lambda path, limit, pictures: Jsonl(path, limit=limit),
    "ml1m": lambda path, limit, pictures: clockless.open_ml1m(path, limit),
    "office-products": lambda path, limit, pictures: clockless.open_office_products(path, limit),
    "rees46": lambda path, limit, pictures: Rees46(path, limit=limit),
    "sessions": lambda path, limit, pictures: clockless.open_sessions(path, limit),
}


def open_source(name: str, path: Path, *, limit: int | None, pictures: str) -> Source:
    """Open a source of a format.

    Args:
        name: a key of `FORMATS`.
        path: the file or folder.
        limit: events told at most; None tells all.
        pictures: address below which drawings lie; empty for none.

    Raises:
        ImportProblem: it cannot be read as a whole.
    """
    return FORMATS[name](path, limit, pictures)

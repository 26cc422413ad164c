"""Reads text files of a source line by line, each line with its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from recommender.imports.files import open_bytes
from recommender.imports.records import ImportProblem


class Line(NamedTuple):
    """One line that is not blank.

    Attributes:
        where: file and number, ``sequences.txt.gz:17``.
        number: from 1, blank lines counted.
        text: without the line's end.
    """

    where: str
    number: int
    text: str


def lines(path: Path) -> Iterator[Line]:
    """The lines that are not blank.

    Raises:
        ImportProblem: the file breaks off or is no UTF-8 text; names the line.
    """
    number = 0
    try:
        with open_bytes(path) as raw, io.TextIOWrapper(raw, "utf-8-sig") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    yield Line(f"{path.name}:{number}", number, text.rstrip("\r\n"))
    except (UnicodeDecodeError, EOFError, OSError) as error:
        raise ImportProblem(f"{path.name}:{number + 1} cannot be read: {error}") from None


def rows(path: Path, columns: frozenset[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV file that begins with its columns' names, with their places.

    Raises:
        ImportProblem: columns are missing, or the file breaks off or is no UTF-8 text.
    """
    with open_bytes(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        try:
            missing = columns - set(reader.fieldnames or ())
            if missing:
                raise ImportProblem(f"{path.name} lacks the columns {', '.join(sorted(missing))}.")
            for row in reader:
                yield f"{path.name}:{reader.line_num}", row
        except (UnicodeDecodeError, csv.Error, EOFError, OSError) as error:
            raise ImportProblem(f"{path.name} cannot be read: {error}") from None

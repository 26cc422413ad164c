"""Readers of public data sets that tell whose events came in which order, and no time.

``sequences``
    one person a line: a name, then items, oldest first, parted by blanks.
``sessions``
    one nameless visit or person a line: items, oldest first. The line's number is the name.
``json_histories``
    one JSON object a line: ``{"user": "A9", "items": [3, 8]}``.

Names of people and items may be any words or whole numbers. A line that breaks the format is told
as refused; a person without an item is no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from recommender.imports.lines import lines
from recommender.imports.records import Refused

NOT_JSON = "line is not JSON"
NOT_A_HISTORY = 'line is not {"user": name, "items": [names]}'
TWICE = "the person has a line before"


class History(NamedTuple):
    """What one person met.

    Attributes:
        where: file and line.
        person: the source's own name.
        items: the source's names of products, oldest first.
    """

    where: str
    person: str
    items: tuple[str, ...]


Reader = Callable[[Path], Iterator[History | Refused]]


class _JsonHistory(msgspec.Struct):
    user: str | int
    items: list[str | int]


def sequences(path: Path) -> Iterator[History | Refused]:
    """Lines of a name and items.

    Raises:
        ImportProblem: the file cannot be read; so with every reader here.
    """
    known: set[str] = set()
    for line in lines(path):
        person, *items = line.text.split()
        if person in known:
            yield Refused(line.where, TWICE)
            continue
        known.add(person)
        yield History(line.where, person, tuple(items))


def sessions(path: Path) -> Iterator[History | Refused]:
    """Lines of items."""
    for line in lines(path):
        yield History(line.where, str(line.number), tuple(line.text.split()))


def json_histories(path: Path) -> Iterator[History | Refused]:
    """Lines of JSON objects; further keys are passed over."""
    decoder = msgspec.json.Decoder(_JsonHistory)
    known: set[str] = set()
    for line in lines(path):
        try:
            read = decoder.decode(line.text)
        except msgspec.ValidationError:
            yield Refused(line.where, NOT_A_HISTORY)
            continue
        except msgspec.DecodeError:
            yield Refused(line.where, NOT_JSON)
            continue
        person = str(read.user)
        if person in known:
            yield Refused(line.where, TWICE)
            continue
        known.add(person)
        yield History(line.where, person, tuple(str(item) for item in read.items))

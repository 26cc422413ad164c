"""Tells the format of a data set by the files that are there, and reads it.

Every file may be plain or gzipped. Names of people and items may be any words without blanks, or
whole numbers; blank lines are passed over. The folder's name says nothing.

==================================================  ================================================
files                                               lines
==================================================  ================================================
``train_sessions.txt``, ``test.txt``                items of a session; prefix, tab, next item
``train_input.txt``, ``val_input.txt``,             items of a shopper; items of a validation
``val_output.txt``                                  shopper; on the same line their next item
``histories.jsonl``, ``products.jsonl``             ``{"user", "items"}``; ``{"id", "title",
                                                    "description"}``
``sequences.txt``, ``attributes.json`` (optional)   shopper and items; item -> attributes
``interactions.txt``, ``.csv`` or ``.tsv``          shopper and item, see `interactions`
``transactions.csv``, ``products.csv``              of `recommender.imports.completejourney`
``events.csv``                                      of `recommender.imports.rees46`
==================================================  ================================================
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from benchmarks.model.dataset import DataSet, Event, Question
from benchmarks.model.interactions import read_interactions
from benchmarks.model.protocols import LEAVE_ONE_OUT, SESSIONS, VALIDATION_USERS
from benchmarks.model.told import from_source
from recommender.attention.content.attributes import ProductRow
from recommender.imports import histories
from recommender.imports.completejourney import CompleteJourney
from recommender.imports.described import Described, item_attributes, json_products
from recommender.imports.files import find_optional, open_bytes
from recommender.imports.histories import History
from recommender.imports.lines import lines
from recommender.imports.records import ImportProblem, Refused
from recommender.imports.rees46 import Rees46

Paths = dict[str, Path]
Read = Callable[[Path, Paths], DataSet]
Row = TypeVar("Row", History, Described)


def open_data(folder: Path) -> DataSet:
    """Read the data set in ``folder``.

    Raises:
        ImportProblem: no known format, or a line that cannot be read; names file and line.
    """
    if not folder.is_dir():
        raise ImportProblem(f"{folder} is not a folder.")
    for needed, optional, read in _FORMATS:
        found = {name: find_optional(folder, name) for name in (*needed, *optional)}
        if all(found[name] is not None for name in needed):
            data = read(folder, {name: path for name, path in found.items() if path is not None})
            if not any(data.shoppers):
                raise ImportProblem(f"{folder} holds no event.")
            return data
    known = "; ".join(" + ".join(needed) for needed, _, _ in _FORMATS)
    raise ImportProblem(f"{folder} holds no files of a known format ({known}; plain or .gz).")


def content_digest(paths: Iterable[Path]) -> str:
    """Return the sha256 in hex over the unpacked content of the files, in order."""
    total = hashlib.sha256()
    for path in paths:
        with open_bytes(path) as file:
            while block := file.read(1 << 20):
                total.update(block)
    return total.hexdigest()


def _sessions(folder: Path, paths: Paths) -> DataSet:
    return DataSet(
        form="sessions",
        digest=content_digest(paths.values()),
        protocol=SESSIONS,
        shoppers=_shoppers(histories.sessions(paths["train_sessions.txt"])),
        tests=list(_prefixes(paths["test.txt"])),
    )


def _validation_users(folder: Path, paths: Paths) -> DataSet:
    return DataSet(
        form="validation users",
        digest=content_digest(paths.values()),
        protocol=VALIDATION_USERS,
        shoppers=_shoppers(histories.sessions(paths["train_input.txt"])),
        tests=list(_pairs(paths["val_input.txt"], paths["val_output.txt"])),
    )


def _described_histories(folder: Path, paths: Paths) -> DataSet:
    described = {
        row.key: ProductRow(title=row.title, text=row.text)
        for row in map(_sound, json_products(paths["products.jsonl"]))
    }
    return DataSet(
        form="products and histories",
        digest=content_digest([paths["histories.jsonl"]]),
        attributes_digest=content_digest([paths["products.jsonl"]]),
        protocol=LEAVE_ONE_OUT,
        shoppers=_shoppers(histories.json_histories(paths["histories.jsonl"])),
        described=described,
    )


def _sequences(folder: Path, paths: Paths) -> DataSet:
    attributes = paths.get("attributes.json")
    described = None
    if attributes is not None:
        found = item_attributes(attributes)
        described = {item: ProductRow(tags=found[item]) for item in found}
    shoppers = _shoppers(histories.sequences(paths["sequences.txt"]))
    met = {event.item for events in shoppers for event in events}
    if described is not None:
        described = {item: row for item, row in described.items() if item in met}
    return DataSet(
        form="sequences",
        digest=content_digest([paths["sequences.txt"]]),
        attributes_digest=content_digest([attributes]) if attributes is not None else "",
        protocol=LEAVE_ONE_OUT,
        shoppers=shoppers,
        described=described,
    )


def _interactions(folder: Path, paths: Paths) -> DataSet:
    (path,) = paths.values()
    return DataSet(
        form="interactions",
        digest=content_digest([path]),
        protocol=LEAVE_ONE_OUT,
        shoppers=read_interactions(path),
    )


def _completejourney(folder: Path, paths: Paths) -> DataSet:
    return from_source(CompleteJourney(folder), digest=content_digest(paths.values()))


def _rees46(folder: Path, paths: Paths) -> DataSet:
    return from_source(Rees46(folder), digest=content_digest(paths.values()))


_FORMATS: tuple[tuple[tuple[str, ...], tuple[str, ...], Read], ...] = (
    (("train_sessions.txt", "test.txt"), (), _sessions),
    (("train_input.txt", "val_input.txt", "val_output.txt"), (), _validation_users),
    (("histories.jsonl", "products.jsonl"), (), _described_histories),
    (("sequences.txt",), ("attributes.json",), _sequences),
    (("interactions.txt",), (), _interactions),
    (("interactions.csv",), (), _interactions),
    (("interactions.tsv",), (), _interactions),
    (("transactions.csv", "products.csv"), (), _completejourney),
    (("events.csv",), (), _rees46),
)


def _shoppers(rows: Iterable[History | Refused]) -> list[list[Event]]:
    return [[Event(item) for item in row.items] for row in map(_sound, rows)]


def _sound(row: Row | Refused) -> Row:
    """The row, or the problem it is: a benchmark on half of a data set would mislead."""
    if isinstance(row, Refused):
        raise ImportProblem(f"{row.where}: {row.cause}.")
    return row


def _prefixes(path: Path) -> Iterator[Question]:
    for line in lines(path):
        history, tab, target = line.text.partition("\t")
        if not tab or len(target.split()) != 1:
            raise ImportProblem(f"{line.where}: line is not a prefix, a tab and one item.")
        yield Question(tuple(history.split()), target.strip())


def _pairs(inputs: Path, outputs: Path) -> Iterator[Question]:
    given = {line.number: line for line in lines(inputs)}
    for answer in lines(outputs):
        if len(answer.text.split()) != 1:
            raise ImportProblem(f"{answer.where}: line is not one item.")
        question = given.pop(answer.number, None)
        yield Question(tuple(question.text.split()) if question else (), answer.text.strip())
    for left in given.values():
        raise ImportProblem(f"{left.where}: {outputs.name} has no item on this line.")

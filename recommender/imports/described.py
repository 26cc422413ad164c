"""Readers of what public data sets without prices tell of their products."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from recommender.imports.files import open_bytes
from recommender.imports.lines import lines
from recommender.imports.records import ImportProblem, Refused

NOT_JSON = "line is not JSON"
NOT_A_PRODUCT = 'line is not {"id": name, "title": text, "description": text}'


class Described(NamedTuple):
    """A product and the texts that describe it.

    Attributes:
        where: file and line.
        key: the source's name of the product.
        title, text: plain text, without the escapes of web pages.
    """

    where: str
    key: str
    title: str
    text: str


class _JsonProduct(msgspec.Struct):
    id: str | int
    title: str = ""
    description: str = ""


def json_products(path: Path) -> Iterator[Described | Refused]:
    """Lines ``{"id": 3, "title": "...", "description": "..."}``; further keys are passed over.

    Raises:
        ImportProblem: the file cannot be read.
    """
    decoder = msgspec.json.Decoder(_JsonProduct)
    for line in lines(path):
        try:
            read = decoder.decode(line.text)
        except msgspec.ValidationError:
            yield Refused(line.where, NOT_A_PRODUCT)
            continue
        except msgspec.DecodeError:
            yield Refused(line.where, NOT_JSON)
            continue
        title, text = html.unescape(read.title).strip(), html.unescape(read.description).strip()
        yield Described(line.where, str(read.id), title, text)


def item_attributes(path: Path) -> dict[str, tuple[str, ...]]:
    """One JSON object: for each item the names of its attributes, words or whole numbers.

    Raises:
        ImportProblem: the file cannot be read or holds anything else.
    """
    try:
        with open_bytes(path) as file:
            read = msgspec.json.decode(file.read(), type=dict[str, list[str | int]])
    except (msgspec.MsgspecError, UnicodeDecodeError, EOFError, OSError) as error:
        raise ImportProblem(
            f"{path.name} is not one JSON object of items with lists of attributes: {error}"
        ) from None
    return {item: tuple(str(attribute) for attribute in read[item]) for item in read}

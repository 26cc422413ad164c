"""Reads and describes the package's own format, version 1: one JSON object a line.

``docs/reference/jsonl.md`` is its reference. A source is one file, or a folder with
``products.jsonl`` and ``events.jsonl`` (each plain or .gz, either may be absent). Every file begins
with a header line. A line that breaks a rule is refused alone, with its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from recommender.catalog.records import CategoryRecord, ProductKind, ProductRecord
from recommender.imports.files import digest, full, open_bytes
from recommender.imports.records import KINDS, ImportProblem, Refused, SourceEvent

FORMAT = "attention-jsonl"
VERSION = 1
FILES = ("products.jsonl", "events.jsonl")
LONGEST_LINE = 262_144

NOT_PRINTABLE = "a text holds a character a database cannot store"
UNKNOWN_KIND = "unknown event kind"
WITHOUT_ZONE = "time has no zone"
BAD_TIME = "time is out of range"
TOO_LONG = f"line is longer than {LONGEST_LINE} bytes"

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Micros = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class Header(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="header"):
    """The first line of every file.

    Attributes:
        format, version: ``attention-jsonl`` and 1.
        source: a name for the shop or platform; people and events are named within it.
        currency: ISO 4217, for prices that name none.
    """

    format: str
    version: int
    source: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9._-]{1,48}$")]
    currency: Currency = "USD"


class CategoryLine(msgspec.Struct, forbid_unknown_fields=True):
    """The category of a product, inside its line."""

    key: Key
    name: Name
    parent: Key | None = None
    sensitive: bool = False


class ProductLine(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="product"):
    """One product."""

    key: Key
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    kind: ProductKind = "product"
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    category: CategoryLine | None = None
    brand: Annotated[str, msgspec.Meta(max_length=200)] = ""
    price_micros: Micros | None = None
    currency: Currency | None = None
    tags: Annotated[tuple[Tag, ...], msgspec.Meta(max_length=64)] = ()
    rating: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    picture_url: Annotated[str, msgspec.Meta(max_length=1024, pattern="^(https?://|/|$)")] = ""
    merchant: Annotated[str, msgspec.Meta(max_length=128)] = ""
    listed: bool = True
    created_at: datetime | None = None


class EventLine(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="event"):
    """One event of one person."""

    id: Key
    person: Key
    kind: str
    at: datetime
    product: Key | None = None
    value: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    price_micros: Micros | None = None
    visit: Key | None = None


Line = Header | ProductLine | EventLine


class Jsonl:
    """One opened file or folder of the format; lines are read as they are needed.

    Args:
        limit: tell only that many events; None tells all.

    Raises:
        ImportProblem: nothing is there, a file is empty, or a header is missing, of another
            version, or of another source than the first file's.
    """

    has_clock = True

    def __init__(self, path: Path, *, limit: int | None = None) -> None:
        self._paths = _files_of(path)
        self._limit = limit
        self._decoder = msgspec.json.Decoder(Line)
        headers = [self._header(each) for each in self._paths]
        if len({header.source for header in headers}) > 1:
            raise ImportProblem(f"The files of {path} name different sources.")
        self._currencies = [header.currency for header in headers]
        self.name = f"jsonl:{headers[0].source}"
        self.fingerprint = digest(self._paths, str(VERSION), "" if limit is None else str(limit))
        self._newest: datetime | None = None
        self._events = 0
        for line in self.events(shift=timedelta(0)):
            self._events += 1
            if isinstance(line, SourceEvent):
                newest = self._newest or line.occurred_at
                self._newest = max(newest, line.occurred_at)

    def newest(self) -> datetime | None:
        """The moment of the newest event."""
        return self._newest

    def size(self) -> int:
        """How many events and refusals there are."""
        return self._events

    def products(self, *, shift: timedelta) -> Iterator[ProductRecord | Refused]:
        """The product lines, as they stand in the files."""
        for where, line, currency in self._lines():
            if isinstance(line, ProductLine):
                yield _product(where, line, currency)

    def events(self, *, shift: timedelta) -> Iterator[SourceEvent | Refused]:
        """The event lines, and every line that is no line of the format."""
        told = 0
        for where, line, _ in self._lines():
            if isinstance(line, ProductLine):
                continue
            if self._limit is not None and told >= self._limit:
                return
            told += 1
            yield line if isinstance(line, Refused) else _event(where, line, shift)

    def _header(self, path: Path) -> Header:
        with open_bytes(path) as file:
            first = file.readline(LONGEST_LINE)
        try:
            line = self._decoder.decode(first)
        except (msgspec.DecodeError, UnicodeDecodeError):
            line = None
        if not isinstance(line, Header) or line.format != FORMAT:
            raise ImportProblem(
                f'{path.name} does not begin with a header: {{"type": "header", '
                f'"format": "{FORMAT}", "version": {VERSION}, "source": "..."}}.'
            )
        if line.version != VERSION:
            raise ImportProblem(
                f"{path.name} has version {line.version}; this release reads {VERSION}."
            )
        return line

    def _lines(self) -> Iterator[tuple[str, ProductLine | EventLine | Refused, str]]:
        for path, currency in zip(self._paths, self._currencies, strict=True):
            for where, line in self._decoded(path):
                yield where, line, currency

    def _decoded(self, path: Path) -> Iterator[tuple[str, ProductLine | EventLine | Refused]]:
        for number, raw in _raw_lines(path):
            where = f"{path.name}:{number}"
            if raw is None:
                yield where, Refused(where, TOO_LONG)
                continue
            try:
                line = self._decoder.decode(raw)
            except msgspec.ValidationError as error:
                yield where, Refused(where, _reason(error))
                continue
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield where, Refused(where, "line is not JSON")
                continue
            if isinstance(line, Header):
                yield where, Refused(where, "a second header")
            else:
                yield where, line


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """The lines after the header, with their numbers; None for one that is too long.

    Raises:
        ImportProblem: the file breaks off.
    """
    try:
        with open_bytes(path) as file:
            file.readline(LONGEST_LINE)
            number = 1
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                too_long = len(raw) > LONGEST_LINE
                while len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
                    raw = file.readline(LONGEST_LINE + 1)
                if too_long:
                    yield number, None
                elif raw.strip():
                    yield number, raw
    except (OSError, EOFError) as error:
        raise ImportProblem(f"{path.name} cannot be read: {error}") from None


def _files_of(path: Path) -> tuple[Path, ...]:
    if path.is_file():
        return (full(path),)
    if not path.is_dir():
        raise ImportProblem(f"{path} does not exist.")
    found = []
    for name in FILES:
        for candidate in (path / f"{name}.gz", path / name):
            if candidate.is_file():
                found.append(full(candidate))
                break
    if not found:
        raise ImportProblem(f"{path} has neither {' nor '.join(FILES)} (plain or .gz).")
    return tuple(found)


def _product(where: str, line: ProductLine, currency: str) -> ProductRecord | Refused:
    texts = (line.key, line.title, line.text, line.brand, line.merchant, *line.tags)
    if not all(map(_storable, texts)):
        return Refused(where, NOT_PRINTABLE)
    created_at = None if line.created_at is None else _moment(line.created_at)
    if isinstance(created_at, str):
        return Refused(where, created_at)
    category = None
    if line.category is not None:
        category = CategoryRecord(
            key=line.category.key,
            name=line.category.name,
            parent_key=line.category.parent,
            sensitive=line.category.sensitive,
        )
    return ProductRecord(
        key=line.key,
        title=line.title,
        kind=line.kind,
        text=line.text,
        category=category,
        brand=line.brand,
        price_micros=line.price_micros,
        currency=line.currency or currency,
        tags=line.tags,
        rating=line.rating,
        picture_url=line.picture_url,
        merchant_key=line.merchant,
        is_listed=line.listed,
        created_at=created_at,
    )


def _event(where: str, line: EventLine, shift: timedelta) -> SourceEvent | Refused:
    if line.kind not in KINDS:
        return Refused(where, UNKNOWN_KIND)
    at = _moment(line.at, shift)
    if isinstance(at, str):
        return Refused(where, at)
    return SourceEvent(
        person=line.person,
        id=line.id,
        kind=line.kind,
        occurred_at=at,
        product_key=line.product,
        value=line.value,
        price_micros=line.price_micros,
        visit=line.visit,
    )


def _moment(told: datetime, shift: timedelta = timedelta(0)) -> datetime | str:
    """The moment in UTC, shifted; or why it cannot be used."""
    if told.tzinfo is None:
        return WITHOUT_ZONE
    try:
        return told.astimezone(UTC) + shift
    except OverflowError:
        return BAD_TIME


def _storable(text: str) -> bool:
    return "\x00" not in text


def _reason(error: msgspec.ValidationError) -> str:
    """The rule that was broken and where; never the value."""
    text = str(error)
    if text.startswith("Invalid value"):
        return "unknown type of line"
    text = re.sub(r"^Invalid enum value '.*?'", "value is not in the list", text)
    return text[:1].lower() + text[1:]

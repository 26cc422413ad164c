"""Reads interactions: one shopper and item a line, in the order of time.

Columns are parted by tabs, commas or blanks. Without a head line the first two columns are shopper
and item. A head line may name them in any order, as ``user`` or ``user_id`` and ``item`` or
``item_id`` (``session``, ``visitor``, ``product`` and ``movie`` too, and a type behind a colon is
passed over), and a ``time`` or ``timestamp`` in unix seconds or ISO 8601; a shopper's events are
then put into the order of that time. Further columns are passed over.
"""

from __future__ import annotations

import csv
import math
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

from benchmarks.model.dataset import Event
from recommender.imports.lines import Line, lines
from recommender.imports.records import ImportProblem

SHOPPER = frozenset({"user", "session", "visitor", "customer", "reviewer"})
ITEM = frozenset({"item", "product", "movie", "article"})
TIME = frozenset({"time", "timestamp", "unixreviewtime", "date"})


def read_interactions(path: Path) -> list[list[Event]]:
    """Return the events of each shopper, oldest first; shoppers in the order of the file.

    Raises:
        ImportProblem: a line has no item, or a time that cannot be read; names it.
    """
    shoppers: dict[str, list[Event]] = {}
    shopper_at, item_at, time_at = 0, 1, None
    for number, line in enumerate(lines(path)):
        fields = _fields(line)
        if number == 0 and (head := _head(fields)) is not None:
            shopper_at, item_at, time_at = head
            continue
        needed = max(shopper_at, item_at, time_at or 0)
        if len(fields) <= needed or not fields[shopper_at] or not fields[item_at]:
            raise ImportProblem(f"{line.where}: line lacks a shopper, an item or the time.")
        seconds = None if time_at is None else _seconds(line, fields[time_at])
        events = shoppers.setdefault(fields[shopper_at], [])
        events.append(Event(item=fields[item_at], seconds=seconds))
    if time_at is not None:
        for events in shoppers.values():
            events.sort(key=attrgetter("seconds"))
    return list(shoppers.values())


def _fields(line: Line) -> list[str]:
    if "\t" in line.text:
        parts = line.text.split("\t")
    elif "," in line.text:
        parts = next(csv.reader([line.text]))
    else:
        parts = line.text.split()
    return [part.strip() for part in parts]


def _head(fields: list[str]) -> tuple[int, int, int | None] | None:
    """Places of shopper, item and time; None when this is no head line."""
    names = [field.partition(":")[0].lower().removesuffix("id").rstrip("_") for field in fields]
    places = [
        next((place for place, name in enumerate(names) if name in known), None)
        for known in (SHOPPER, ITEM, TIME)
    ]
    shopper, item, time = places
    return None if shopper is None or item is None else (shopper, item, time)


def _seconds(line: Line, told: str) -> int:
    try:
        number = float(told)
        if math.isfinite(number):
            return int(number)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise ImportProblem(f"{line.where}: the time {told[:40]!r} cannot be read.") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())

"""Describe a table of chained rows, and walk one site's rows recomputing every hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from django.db.models import Model

FIRST_HASH = "0" * 64
_CHUNK = 2000


class Link(NamedTuple):
    """A place in a chain: the number of a row and its hash."""

    sequence: int
    hash: str


START = Link(0, FIRST_HASH)


class Ends(NamedTuple):
    """What the head of a site's chain says: the link in front of the oldest row, and the last."""

    front: Link
    last: Link


NO_HEAD = Ends(START, START)


class BrokenChain(ValueError):  # noqa: N818
    """A row that cannot stand where it stands."""

    def __init__(self, sequence: int, reason: str) -> None:
        super().__init__(reason)
        self.sequence = sequence
        self.reason = reason


class _Linked(Protocol):
    format: int
    sequence: int
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A kind of chain, of which each site has one.

    ``name`` is what messages call it, ``file`` the first part of its checkpoints' file name,
    ``signs`` the type its checkpoints name. ``fields`` are hashed by ``row_hash`` in
    ``format``; ``ends`` returns what the head of a site says, ``NO_HEAD`` where there is none.
    """

    name: str
    file: str
    signs: str
    rows: type[Model]
    head: type[Model]
    fields: tuple[str, ...]
    format: int
    row_hash: Callable[[Any], str]
    ends: Callable[[int], Ends]

    def sites(self) -> set[int]:
        """Return the sites that have a head."""
        return set(self.head._default_manager.values_list("pk", flat=True))

    def links(self, *, site_id: int, after: Link, until: int | None = None) -> Iterator[Link]:
        """Yield the link of each row behind ``after``, up to ``until``, once it has been checked.

        Raises ``BrokenChain`` at the first row that is missing or is not what its hash says.
        """
        rows = self.rows._default_manager.filter(site_id=site_id, sequence__gt=after.sequence)
        if until is not None:
            rows = rows.filter(sequence__lte=until)
        values = rows.order_by("sequence").values_list(*self.fields, "hash", named=True)
        for row in values.iterator(chunk_size=_CHUNK):
            reason = self._fault_of(row, after)
            if reason:
                raise BrokenChain(after.sequence + 1, reason)
            after = Link(row.sequence, row.hash)
            yield after

    def _fault_of(self, row: _Linked, after: Link) -> str:
        """Return why ``row`` cannot follow ``after``; empty if it can."""
        if row.sequence != after.sequence + 1:
            return f"row {after.sequence + 1} is missing, row {row.sequence} follows"
        if row.format != self.format:
            return f"unknown format {row.format}"
        if row.previous_hash != after.hash:
            return "it does not follow the row before it"
        if self.row_hash(row) != row.hash:
            return "its content does not match its hash"
        return ""

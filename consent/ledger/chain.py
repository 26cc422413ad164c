"""Walk the rows of one site's chain and recompute every hash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from consent.ledger.entry import FIELDS, FIRST_HASH, FORMAT, Row, row_hash
from consent.ledger.models import Decision

_CHUNK = 2000


class Link(NamedTuple):
    """A place in a chain: the number of a row and its hash."""

    sequence: int
    hash: str


START = Link(0, FIRST_HASH)


class BrokenChain(ValueError):  # noqa: N818
    """A row that cannot stand where it stands."""

    def __init__(self, sequence: int, reason: str) -> None:
        super().__init__(reason)
        self.sequence = sequence
        self.reason = reason


class _Linked(Row, Protocol):
    sequence: int
    previous_hash: str
    hash: str


def links(*, site_id: int, after: Link = START, until: int | None = None) -> Iterator[Link]:
    """Yield the link of each row behind ``after``, up to row ``until``, once it has been checked.

    Raises ``BrokenChain`` at the first row that is missing or is not what its hash says.
    """
    rows = Decision.objects.filter(site_id=site_id, sequence__gt=after.sequence)
    if until is not None:
        rows = rows.filter(sequence__lte=until)
    values = rows.order_by("sequence").values_list(*FIELDS, "hash", named=True)
    for row in values.iterator(chunk_size=_CHUNK):
        reason = _fault_of(row, after)
        if reason:
            raise BrokenChain(after.sequence + 1, reason)
        after = Link(row.sequence, row.hash)
        yield after


def _fault_of(row: _Linked, after: Link) -> str:
    """Return why ``row`` cannot follow ``after``; empty if it can."""
    if row.sequence != after.sequence + 1:
        return f"row {after.sequence + 1} is missing, row {row.sequence} follows"
    if row.format != FORMAT:
        return f"unknown format {row.format}"
    if row.previous_hash != after.hash:
        return "it does not follow the row before it"
    if row_hash(row) != row.hash:
        return "its content does not match its hash"
    return ""

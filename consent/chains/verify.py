"""Check one site's chain against itself, its head, and its signed checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from consent.chains.chain import START, BrokenChain, Chain, Link
from consent.chains.checkpoint_file import BadCheckpoint, Checkpoint, read, sites_in


class Kind(StrEnum):
    """Where a fault lies."""

    CHAIN = "chain"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first bad row of a site's chain, or what its checkpoints say against it."""

    site_id: int
    sequence: int
    reason: str
    kind: Kind = Kind.CHAIN


@dataclass(slots=True)
class Verified:
    """One site's chain and what was found of it.

    ``rows`` are right, ``front`` is the link before the first of them. ``faults`` holds at most
    one of each kind.
    """

    site_id: int
    rows: int = 0
    front: Link = START
    checkpoints: list[Checkpoint] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_unprotected(self) -> bool:
        """Whether there are rows and no checkpoint would tell that they were cut off."""
        return bool(self.rows and not self.checkpoints and not _has(self.faults, Kind.CHECKPOINT))

    def add(self, sequence: int, reason: str, kind: Kind = Kind.CHAIN) -> None:
        if not _has(self.faults, kind):
            self.faults.append(Fault(self.site_id, sequence, reason, kind))


def verify_sites(chain: Chain, site_id: int | None, folder: Path | None) -> list[Verified]:
    """Verify the chain of one site, or of all that have rows, a head or checkpoints.

    ``folder`` holds the checkpoints, by default ``LEDGER_DIR``. May run while rows are added and
    while retention deletes. Raises ``OSError`` when a checkpoint file cannot be read.
    """
    sites = {site_id} if site_id is not None else _sites(chain, folder)
    return [_verified(chain, each, folder) for each in sorted(sites)]


def _sites(chain: Chain, folder: Path | None) -> set[int]:
    rows = chain.rows._default_manager.order_by()
    found = set(rows.values_list("site_id", flat=True).distinct())
    return found | chain.sites() | sites_in(chain, folder)


def _verified(chain: Chain, site_id: int, folder: Path | None) -> Verified:
    """Verify one site.

    Checkpoints and head are read before the rows and the head once more after them: whatever is
    added meanwhile lies between the two. Where retention deleted meanwhile, it begins anew.
    """
    front = chain.ends(site_id).front
    while True:
        site = _walked(chain, site_id, folder)
        front, before = chain.ends(site_id).front, front
        if not site.faults or front == before:
            return site


def _walked(chain: Chain, site_id: int, folder: Path | None) -> Verified:
    site = Verified(site_id)
    try:
        for checkpoint in read(chain, site_id, folder):
            site.checkpoints.append(checkpoint)
    except BadCheckpoint as error:
        last = site.checkpoints[-1].sequence if site.checkpoints else 0
        site.add(last, str(error), Kind.CHECKPOINT)
    site.front, before = chain.ends(site_id)
    marks = {checkpoint.sequence: START for checkpoint in site.checkpoints}
    marks[before.sequence] = START
    marks[site.front.sequence] = end = site.front
    try:
        for link in chain.links(site_id=site_id, after=site.front):
            end = link
            if link.sequence in marks:
                marks[link.sequence] = link
    except BrokenChain as error:
        site.add(error.sequence, error.reason)
    site.rows = end.sequence - site.front.sequence
    _compare_head(site, before, marks[before.sequence], end, chain.ends(site_id).last)
    _compare_checkpoints(site, marks, end)
    return site


def _compare_head(site: Verified, before: Link, seen: Link, end: Link, after: Link) -> None:
    if after == START and end != START:
        site.add(end.sequence, "the head is missing")
    elif end.sequence < before.sequence:
        site.add(end.sequence, f"the chain ends here, its head says row {before.sequence}")
    elif end.sequence > after.sequence:
        site.add(after.sequence, f"the head stands here, the chain goes on to row {end.sequence}")
    elif seen != before:
        site.add(before.sequence, "the head holds another hash than its row")


def _compare_checkpoints(site: Verified, marks: dict[int, Link], end: Link) -> None:
    """Compare with the rows read; where the chain itself is broken, with those before it.

    Of rows that retention deleted only the last hash is left to compare with.
    """
    good = 0
    for checkpoint in site.checkpoints:
        if checkpoint.sequence > end.sequence:
            if _has(site.faults, Kind.CHAIN) and not _is_cut(site, end):
                return
            reason = f"the chain ends here, row {checkpoint.sequence} was signed {checkpoint.at}"
            site.add(end.sequence, reason, Kind.CHECKPOINT)
            return
        is_kept = checkpoint.sequence >= site.front.sequence
        if is_kept and marks[checkpoint.sequence].hash != checkpoint.head:
            reason = (
                f"it is not the row that was signed {checkpoint.at}: the chain was rewritten "
                f"after row {good}"
            )
            site.add(checkpoint.sequence, reason, Kind.CHECKPOINT)
            return
        good = checkpoint.sequence


def _is_cut(site: Verified, end: Link) -> bool:
    """Tell whether the chain's own fault is that it ends too early."""
    return all(f.sequence == end.sequence for f in site.faults if f.kind == Kind.CHAIN)


def _has(faults: Iterable[Fault], kind: Kind) -> bool:
    return any(fault.kind == kind for fault in faults)

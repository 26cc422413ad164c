"""Check the chain of decisions against itself, its head, and its signed checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from consent.ledger import guards
from consent.ledger.chain import START, BrokenChain, Link, links
from consent.ledger.checkpoint_file import BadCheckpoint, Checkpoint, read, sites_in
from consent.ledger.models import Decision, LedgerHead


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


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found.

    ``rows`` and ``checkpoints`` were read and are right. ``faults`` holds at most one of each
    kind a site. ``unprotected`` names sites with decisions and no checkpoint, ``guards`` the
    triggers that are missing: neither is a fault, both leave room for one.
    """

    rows: int
    faults: tuple[Fault, ...]
    checkpoints: int = 0
    unprotected: tuple[int, ...] = ()
    guards: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.faults


@dataclass(slots=True)
class _Site:
    """One site while it is being verified."""

    site_id: int
    rows: int = 0
    checkpoints: list[Checkpoint] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def add(self, sequence: int, reason: str, kind: Kind = Kind.CHAIN) -> None:
        if all(fault.kind != kind for fault in self.faults):
            self.faults.append(Fault(self.site_id, sequence, reason, kind))


def verify(*, site_id: int | None = None, folder: Path | None = None) -> Report:
    """Recompute every hash of one site's chain, or of all, and compare it with its checkpoints.

    ``folder`` holds the checkpoints, by default ``LEDGER_DIR``. May run while people decide.
    Raises ``OSError`` when a checkpoint file cannot be read.
    """
    sites = [_verified(each, folder) for each in sorted(_sites(site_id, folder))]
    return Report(
        rows=sum(site.rows for site in sites),
        faults=tuple(fault for site in sites for fault in site.faults),
        checkpoints=sum(len(site.checkpoints) for site in sites),
        unprotected=tuple(
            site.site_id
            for site in sites
            if site.rows and not site.checkpoints and not _has(site.faults, Kind.CHECKPOINT)
        ),
        guards=tuple(guards.missing(Decision.objects.db)),
    )


def _sites(site_id: int | None, folder: Path | None) -> Iterable[int]:
    if site_id is not None:
        return {site_id}
    found = set(LedgerHead.objects.values_list("site_id", flat=True))
    found |= set(Decision.objects.order_by().values_list("site_id", flat=True).distinct())
    return found | sites_in(folder)


def _verified(site_id: int, folder: Path | None) -> _Site:
    """Verify one site.

    Checkpoints and head are read before the rows and the head once more after them: whatever is
    decided meanwhile lies between the two.
    """
    site = _Site(site_id)
    try:
        for checkpoint in read(site_id, folder):
            site.checkpoints.append(checkpoint)
    except BadCheckpoint as error:
        last = site.checkpoints[-1].sequence if site.checkpoints else 0
        site.add(last, str(error), Kind.CHECKPOINT)
    before = _head(site_id)
    marks = {checkpoint.sequence: START for checkpoint in site.checkpoints}
    marks[before.sequence] = START
    end = START
    try:
        for link in links(site_id=site_id):
            end = link
            if link.sequence in marks:
                marks[link.sequence] = link
    except BrokenChain as error:
        site.add(error.sequence, error.reason)
    site.rows = end.sequence
    _compare_head(site, before, marks[before.sequence], end)
    _compare_checkpoints(site, marks, end)
    return site


def _compare_head(site: _Site, before: Link, seen: Link, end: Link) -> None:
    after = _head(site.site_id)
    if after == START and end != START:
        site.add(end.sequence, "the head is missing")
    elif end.sequence < before.sequence:
        site.add(end.sequence, f"the chain ends here, its head says row {before.sequence}")
    elif end.sequence > after.sequence:
        site.add(after.sequence, f"the head stands here, the chain goes on to row {end.sequence}")
    elif seen != before:
        site.add(before.sequence, "the head holds another hash than its row")


def _compare_checkpoints(site: _Site, marks: dict[int, Link], end: Link) -> None:
    """Compare with the rows read; where the chain itself is broken, with those before it."""
    good = 0
    for checkpoint in site.checkpoints:
        if checkpoint.sequence > end.sequence:
            if _has(site.faults, Kind.CHAIN) and not _is_cut(site, end):
                return
            reason = f"the chain ends here, row {checkpoint.sequence} was signed {checkpoint.at}"
            site.add(end.sequence, reason, Kind.CHECKPOINT)
            return
        if marks[checkpoint.sequence].hash != checkpoint.head:
            reason = (
                f"it is not the row that was signed {checkpoint.at}: the chain was rewritten "
                f"after row {good}"
            )
            site.add(checkpoint.sequence, reason, Kind.CHECKPOINT)
            return
        good = checkpoint.sequence


def _is_cut(site: _Site, end: Link) -> bool:
    """Tell whether the chain's own fault is that it ends too early."""
    return all(f.sequence == end.sequence for f in site.faults if f.kind == Kind.CHAIN)


def _has(faults: Iterable[Fault], kind: Kind) -> bool:
    return any(fault.kind == kind for fault in faults)


def _head(site_id: int) -> Link:
    head = LedgerHead.objects.filter(site_id=site_id).first()
    return Link(head.sequence, head.hash) if head else START

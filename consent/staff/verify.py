"""Check the chain of accesses from the oldest row that is kept to its head."""

from __future__ import annotations

from dataclasses import dataclass

from consent.staff import guards
from consent.staff.entry import FORMAT, row_hash
from consent.staff.models import FIRST_HASH, Access, AccessHead

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class AccessFault:
    """The first bad row of a site's accesses."""

    site_id: int
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class AccessReport:
    """What a verification found: rows that are right, the first fault of each bad chain.

    ``guards`` names triggers that are missing: no fault, but room for one.
    """

    rows: int
    faults: tuple[AccessFault, ...]
    guards: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.faults


def verify_accesses(*, site_id: int | None = None) -> AccessReport:
    """Recompute every hash of one site's accesses, or of all.

    May run while staff looks: the head is read before the rows, and rows behind it must chain on.
    """
    if site_id is not None:
        sites = {site_id}
    else:
        sites = set(AccessHead.objects.values_list("site_id", flat=True))
        sites |= set(Access.objects.order_by().values_list("site_id", flat=True).distinct())
    rows, faults = 0, []
    for each in sorted(sites):
        good, fault = _verify_site(each)
        rows += good
        if fault is not None:
            faults.append(fault)
    return AccessReport(rows, tuple(faults), tuple(guards.missing(Access.objects.db)))


def _verify_site(site_id: int) -> tuple[int, AccessFault | None]:
    head = AccessHead.objects.filter(site_id=site_id).first()
    first = sequence = head.kept_after if head else 0
    previous = head.kept_after_hash if head else FIRST_HASH
    at_head = previous
    rows = Access.objects.for_site(site_id).filter(sequence__gt=first).order_by("sequence")
    for row in rows.iterator(chunk_size=_CHUNK):
        reason = _fault_of(row, sequence + 1, previous)
        if reason:
            return sequence - first, AccessFault(site_id, sequence + 1, reason)
        sequence, previous = row.sequence, row.hash
        if head is not None and sequence == head.sequence:
            at_head = previous
    good = sequence - first
    if head is None:
        return good, AccessFault(site_id, sequence, "the head is missing") if good else None
    if sequence < head.sequence:
        reason = f"the chain ends here, its head says row {head.sequence}"
        return good, AccessFault(site_id, sequence, reason)
    if at_head != head.hash:
        reason = "the head holds another hash than its row"
        return good, AccessFault(site_id, head.sequence, reason)
    return good, None


def _fault_of(row: Access, sequence: int, previous: str) -> str:
    """Return why ``row`` cannot stand at ``sequence`` after ``previous``; empty if it can."""
    if row.sequence != sequence:
        return f"row {sequence} is missing, row {row.sequence} follows"
    if row.format != FORMAT:
        return f"unknown format {row.format}"
    if row.previous_hash != previous:
        return "it does not follow the row before it"
    if row_hash(row) != row.hash:
        return "its content does not match its hash"
    return ""

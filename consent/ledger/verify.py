"""Check the chain of decisions from its first row to its head."""

from __future__ import annotations

from dataclasses import dataclass

from consent.ledger.entry import FIRST_HASH, FORMAT, row_hash
from consent.ledger.models import Decision, LedgerHead


@dataclass(frozen=True, slots=True)
class Fault:
    """The first bad link of a site's chain."""

    site_id: int
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found: rows read, and the first fault of each bad chain."""

    rows: int
    faults: tuple[Fault, ...]

    def __bool__(self) -> bool:
        return not self.faults


def verify(*, site_id: int | None = None) -> Report:
    """Recompute every hash of one site's chain, or of all chains."""
    if site_id is not None:
        site_ids = {site_id}
    else:
        site_ids = set(LedgerHead.objects.values_list("site_id", flat=True))
        site_ids |= set(Decision.objects.order_by().values_list("site_id", flat=True).distinct())
    rows = 0
    faults = []
    for each in sorted(site_ids):
        read, fault = _verify_site(each)
        rows += read
        if fault is not None:
            faults.append(fault)
    return Report(rows, tuple(faults))


def _verify_site(site_id: int) -> tuple[int, Fault | None]:
    sequence, previous = 0, FIRST_HASH
    rows = Decision.objects.filter(site_id=site_id).order_by("sequence")
    for row in rows.iterator(chunk_size=2000):
        reason = _fault_of(row, sequence + 1, previous)
        if reason:
            return sequence, Fault(site_id, sequence + 1, reason)
        sequence, previous = row.sequence, row.hash
    head = LedgerHead.objects.filter(site_id=site_id).first()
    if head is None and sequence:
        return sequence, Fault(site_id, sequence, "the head is missing")
    if head is not None and (head.sequence, head.hash) != (sequence, previous):
        reason = f"the chain ends here, its head says row {head.sequence}"
        return sequence, Fault(site_id, sequence, reason)
    return sequence, None


def _fault_of(row: Decision, sequence: int, previous: str) -> str:
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

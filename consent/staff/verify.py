"""Check the chain of accesses from the oldest row that is kept to its head and its checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from consent.chains.verify import Fault, Verified, verify_sites
from consent.retention.rules import days_kept
from consent.staff import guards
from consent.staff.chain import ACCESSES
from consent.staff.models import Access

_LEEWAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EarlyDeletion:
    """That accesses up to row ``kept_after`` are gone, though some came after ``signed``.

    ``signed`` is the time of the last checkpoint before that row, younger than accesses are kept.
    """

    site_id: int
    kept_after: int
    signed: str


@dataclass(frozen=True, slots=True)
class AccessReport:
    """What a verification found.

    ``rows`` and ``checkpoints`` were read and are right. ``faults`` holds at most one of each
    kind a site. No faults, but room for one: ``unprotected`` names sites with accesses and no
    checkpoint, ``guards`` triggers that are missing, ``early`` sites whose head says that rows
    are no longer kept which by ``RETENTION_DAYS`` still would be. A period that was longer than
    it is, or shorter, explains that; somebody who moved the head on to hide an access, too.
    """

    rows: int
    faults: tuple[Fault, ...]
    guards: tuple[str, ...]
    checkpoints: int = 0
    unprotected: tuple[int, ...] = ()
    early: tuple[EarlyDeletion, ...] = ()

    def __bool__(self) -> bool:
        return not self.faults


def verify_accesses(*, site_id: int | None = None, folder: Path | None = None) -> AccessReport:
    """Recompute every hash of one site's accesses, or of all, and compare with the checkpoints.

    ``folder`` holds the checkpoints, by default ``LEDGER_DIR``. May run while staff looks.
    Raises ``OSError`` when a checkpoint file cannot be read.
    """
    sites = verify_sites(ACCESSES, site_id, folder)
    early = [_early_deletion(site) for site in sites]
    return AccessReport(
        rows=sum(site.rows for site in sites),
        faults=tuple(fault for site in sites for fault in site.faults),
        guards=tuple(guards.missing(Access.objects.db)),
        checkpoints=sum(len(site.checkpoints) for site in sites),
        unprotected=tuple(site.site_id for site in sites if site.is_unprotected),
        early=tuple(each for each in early if each is not None),
    )


def _early_deletion(site: Verified) -> EarlyDeletion | None:
    """Find rows that are gone and were added after a checkpoint too young for that."""
    before = [each for each in site.checkpoints if each.sequence < site.front.sequence]
    if not before:
        return None
    signed = before[-1].at
    end = datetime.fromisoformat(signed) + timedelta(days=days_kept("accesses"))
    if end <= timezone.now() + _LEEWAY:
        return None
    return EarlyDeletion(site.site_id, site.front.sequence, signed)

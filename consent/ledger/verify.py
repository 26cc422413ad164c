"""Check the chain of decisions against itself, its head, and its signed checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from consent.chains.verify import Fault, Kind, verify_sites
from consent.ledger import guards
from consent.ledger.chain import DECISIONS
from consent.ledger.models import Decision

__all__ = ["Fault", "Kind", "Report", "verify"]


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


def verify(*, site_id: int | None = None, folder: Path | None = None) -> Report:
    """Recompute every hash of one site's chain, or of all, and compare it with its checkpoints.

    ``folder`` holds the checkpoints, by default ``LEDGER_DIR``. May run while people decide.
    Raises ``OSError`` when a checkpoint file cannot be read.
    """
    sites = verify_sites(DECISIONS, site_id, folder)
    return Report(
        rows=sum(site.rows for site in sites),
        faults=tuple(fault for site in sites for fault in site.faults),
        checkpoints=sum(len(site.checkpoints) for site in sites),
        unprotected=tuple(site.site_id for site in sites if site.is_unprotected),
        guards=tuple(guards.missing(Decision.objects.db)),
    )

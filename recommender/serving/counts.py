"""Counts of answered slates by mode, rung and cause, gathered in the process, flushed by the way.

A page must not wait for a counter, nor take SQLite's write lock for one, so counts are added up in
memory and written after a response has left, at most every `FLUSH_SECONDS`. A killed process
loses what it gathered since; the counts hold no person.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from django.db import DatabaseError, connections, router, transaction
from django.db.models import F
from django.utils import timezone

from recommender.serving.models import SlateCount
from recommender.serving.slate import Mode, Rung

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 30.0
MAX_CELLS = 1_000
CAUSE_LENGTH = 60


class Cell(NamedTuple):
    """What slates are counted by."""

    site_id: int
    placement: str
    mode: str
    rung: str
    cause: str


_lock = threading.Lock()
_gathered: Counter[Cell] = Counter()
_since: float | None = None


def add(*, site_id: int, placement: str, mode: Mode, rung: Rung, cause: str = "") -> None:
    """Count one slate; never raises."""
    global _since
    cell = Cell(site_id, placement[:40], mode.value, rung.value, cause[:CAUSE_LENGTH])
    with _lock:
        if cell not in _gathered and len(_gathered) >= MAX_CELLS:
            cell = cell._replace(placement="", cause="too_many_cells")
        _gathered[cell] += 1
        if _since is None:
            _since = monotonic()


def gathered() -> dict[Cell, int]:
    """What is counted and not yet written: (site, placement, mode, rung, cause) -> slates."""
    with _lock:
        return dict(_gathered)


def forget() -> None:
    """Drop what is gathered; for tests and for a child process after a fork."""
    global _since
    with _lock:
        _gathered.clear()
        _since = None


def flush_when_due() -> None:
    """Write what is gathered once `FLUSH_SECONDS` have passed."""
    since = _since
    if since is not None and monotonic() - since >= FLUSH_SECONDS:
        flush()


def flush() -> int:
    """Write what is gathered; return how many slates. What cannot be written stays gathered."""
    global _since
    alias = router.db_for_write(SlateCount)
    if connections[alias].in_atomic_block and connections[alias].needs_rollback:
        return 0
    with _lock:
        taken = Counter(_gathered)
        _gathered.clear()
        _since = None
    if not taken:
        return 0
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    try:
        with transaction.atomic(using=alias):
            for cell, slates in sorted(taken.items()):
                _write(cell, slates, hour)
    except DatabaseError:
        logger.warning("slate counts could not be written; kept for the next try", exc_info=True)
        with _lock:
            _gathered.update(taken)
            _since = monotonic()
        return 0
    return taken.total()


def _write(cell: Cell, slates: int, hour: datetime) -> None:
    SlateCount.objects.bulk_create([SlateCount(hour=hour, **cell._asdict())], ignore_conflicts=True)
    SlateCount.objects.filter(hour=hour, **cell._asdict()).update(slates=F("slates") + slates)

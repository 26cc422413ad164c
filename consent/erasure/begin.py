"""Begin the deletion a withdrawal asked for: now what fits in the request, the rest by task."""

from __future__ import annotations

from consent.conf import consent_settings
from consent.decisions import Withdrawal
from consent.enqueue import enqueue
from consent.erasure.run import run_quietly
from consent.tasks import finish_erasure


def begin(closed: Withdrawal | None) -> Withdrawal | None:
    """Delete what fits in the request, leave the rest to a task; return ``closed``."""
    if closed is not None:
        budget = consent_settings.ERASE_ROWS
        if not run_quietly(erasure_id=closed.erasure_id, budget=budget):
            enqueue(finish_erasure, closed.erasure_id)
    return closed


def leave(closed: Withdrawal | None) -> None:
    """Leave all of it to a task, sent after the commit."""
    if closed is not None:
        enqueue(finish_erasure, closed.erasure_id)

"""Background work: finish deletions, and delete what has been kept long enough."""

from __future__ import annotations

import logging
from time import monotonic

from celery import shared_task
from django.utils import timezone

from consent import checkpointing
from consent.chains.checkpoints import CheckpointRefused
from consent.erasure.models import Erasure
from consent.erasure.run import run, run_quietly
from consent.retention.run import apply_retention
from consent.rights.tasks import follow_requests, send_request_mail

__all__ = [
    "apply_retention_daily",
    "finish_due_erasures",
    "finish_erasure",
    "follow_requests",
    "send_request_mail",
    "write_checkpoints",
]

TASK_ROWS = 50_000
ROUND_SECONDS = 45.0

logger = logging.getLogger(__name__)


@shared_task(name="attention_consent.finish_erasure", ignore_result=True)
def finish_erasure(erasure_id: int) -> None:
    """Delete the rest of one erasure; what is still left after a while is due again."""
    run(erasure_id=erasure_id, budget=TASK_ROWS)


@shared_task(name="attention_consent.finish_due_erasures", ignore_result=True)
def finish_due_erasures() -> None:
    """Go on with every erasure that is due: a task may have been lost or stopped.

    Those that wait or fail cost the others nothing but their own time; what a round does not
    reach the next one does.
    """
    until = monotonic() + ROUND_SECONDS
    pending = Erasure.objects.ready().filter(requested_at__lte=timezone.now())
    for erasure_id in list(pending.values_list("pk", flat=True)):
        if monotonic() > until:
            break
        run_quietly(erasure_id=erasure_id, budget=TASK_ROWS)


@shared_task(name="attention_consent.write_checkpoints", ignore_result=True)
def write_checkpoints() -> None:
    """Sign where each chain ends, outside the database; a chain that does not verify is logged."""
    for _, _, outcome in checkpointing.write_checkpoints():
        if isinstance(outcome, CheckpointRefused):
            logger.error("%s Run 'manage.py consent_verify'.", outcome, exc_info=outcome)


@shared_task(name="attention_consent.apply_retention", ignore_result=True)
def apply_retention_daily() -> None:
    """Delete what has been kept long enough, by the rules of every floor."""
    apply_retention()

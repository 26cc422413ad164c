"""Background work: finish deletions, and delete what has been kept long enough."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from consent.erasure.models import Erasure
from consent.erasure.run import run, run_quietly
from consent.retention import apply_retention

TASK_ROWS = 50_000


@shared_task(name="attention_consent.finish_erasure", ignore_result=True)
def finish_erasure(erasure_id: int) -> None:
    """Delete the rest of one erasure; what is still left after a while is due again."""
    run(erasure_id=erasure_id, budget=TASK_ROWS)


@shared_task(name="attention_consent.finish_due_erasures", ignore_result=True)
def finish_due_erasures() -> None:
    """Go on with every erasure that is due: a task may have been lost or stopped."""
    pending = Erasure.objects.due().filter(requested_at__lte=timezone.now())
    for erasure_id in pending.values_list("pk", flat=True)[:100]:
        run_quietly(erasure_id=erasure_id, budget=TASK_ROWS)


@shared_task(name="attention_consent.apply_retention", ignore_result=True)
def apply_retention_daily() -> None:
    """Erase people whose key has expired, and old counts."""
    apply_retention()

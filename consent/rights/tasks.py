"""Background work of requests: mails, deadlines, deletions that ended."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from consent.rights import mail
from consent.rights.follow_up import finish_running, forget_unproved, remind
from consent.rights.models import DataRequest

BATCH = 200


@shared_task(name="attention_consent.send_request_mail", ignore_result=True)
def send_request_mail(request_id: int) -> None:
    """Send the mail one request owes; one that fails is tried again."""
    mail.deliver(request_id=request_id)


@shared_task(name="attention_consent.follow_requests", ignore_result=True)
def follow_requests() -> None:
    """Answer requests whose deletion has ended, remind of deadlines, send what is still owed."""
    finish_running()
    remind()
    owing = DataRequest.objects.filter(owed_at__lte=timezone.now()).order_by("owed_at")
    for request_id in list(owing.values_list("pk", flat=True)[:BATCH]):
        mail.deliver(request_id=request_id)
    forget_unproved()

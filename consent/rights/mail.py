"""Write to the person who asked, and to the staff who must answer.

A mail is owed by its row until it was sent, so a mail server that is away or a killed process
delays it and loses nothing. It may arrive twice, never not at all. No mail holds more of the
person than their own request.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from consent.conf import consent_settings
from consent.rights.addresses import public_url
from consent.rights.models import DataRequest, Letter
from consent.rights.people import LINK_SECONDS, link_token

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
TRIES = timedelta(days=3)
_FINAL = (Letter.DONE, Letter.REFUSED, Letter.NOTHING)


def deliver(*, request_id: int) -> bool:
    """Send the mail a request owes; return whether one went out.

    Whoever sends it holds it for a quarter of an hour. The address is forgotten with the last
    mail, and where a mail could not be sent for three days.
    """
    now = timezone.now()
    due = DataRequest.objects.filter(pk=request_id, owed_at__lte=now).exclude(owed="")
    asked = due.select_related("site").first()
    if asked is None or not due.filter(owed=asked.owed).update(owed_at=now + LEASE):
        return False
    sent = _sent(asked)
    if sent or asked.received_at < now - TRIES:
        settled: dict[str, Any] = {"owed": "", "owed_at": None}
        if asked.owed in _FINAL or not asked.is_open:
            settled["mail"] = ""
        DataRequest.objects.filter(pk=request_id, owed=asked.owed).update(**settled)
    return sent


def tell_staff(*, asked: DataRequest, letter: str) -> None:
    """Tell staff of a request that waits for them: its name and deadline, nothing of the person."""
    to = list(consent_settings.REQUEST_STAFF_MAIL) or [
        each if isinstance(each, str) else each[1] for each in settings.MANAGERS
    ]
    if to:
        with translation.override(settings.LANGUAGE_CODE):
            _send(f"staff_{letter}", {"asked": asked}, to)


def _sent(asked: DataRequest) -> bool:
    if not asked.mail:
        return False
    with translation.override(asked.language or settings.LANGUAGE_CODE):
        page = reverse("attention_consent:rights")
        values = {"asked": asked, "site": asked.site, "rights": public_url(asked.site, page)}
        if asked.owed == Letter.LINK:
            path = reverse("attention_consent:guest", args=[link_token(asked)])
            values["link"] = public_url(asked.site, path)
            values["minutes"] = LINK_SECONDS // 60
        return _send(asked.owed, values, [asked.mail])


def _send(name: str, values: dict[str, Any], to: list[str]) -> bool:
    """Send one text, whose first line is the subject. An error is logged without the address."""
    text = render_to_string(f"attention_consent/mail/{name}.txt", values).strip()
    subject, _, body = text.partition("\n")
    try:
        EmailMessage(subject.strip(), body.strip() + "\n", None, to).send()
    except Exception as error:  # noqa: BLE001  any mail backend may fail in its own way
        logger.error("A mail (%s) could not be sent: %s.", name, type(error).__name__)
        return False
    return True

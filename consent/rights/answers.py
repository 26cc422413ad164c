"""What staff does with a request: start, answer, refuse, extend. Every step has its reason."""

from __future__ import annotations

from django.utils import timezone

from consent.enqueue import enqueue
from consent.rights.deadlines import EXTENSION_MONTHS, after_months
from consent.rights.follow_up import settle
from consent.rights.models import DataRequest, Letter, State
from consent.rights.tasks import send_request_mail


class NotPossible(ValueError):  # noqa: N818
    """The request is answered, not identified, or was extended before or too late."""


def start(*, asked: DataRequest) -> None:
    """Note that somebody works on a request. Raises ``NotPossible``."""
    if not DataRequest.objects.filter(pk=asked.pk, state=State.VERIFIED).update(
        state=State.RUNNING
    ):
        raise NotPossible(f"{asked} cannot be started.")


def complete(*, asked: DataRequest, reason: str = "") -> None:
    """Answer a request. One that waits for a deletion ends with it. Raises ``NotPossible``."""
    _answer(asked, State.DONE, reason)


def refuse(*, asked: DataRequest, reason: str) -> None:
    """Refuse a request; the person reads the reason. Raises ``NotPossible``."""
    if not reason.strip():
        raise NotPossible("A refusal needs a reason.")
    _answer(asked, State.REFUSED, reason)


def extend(*, asked: DataRequest, reason: str) -> None:
    """Give a request two more months, once, within the first; the person reads the reason.

    Raises ``NotPossible``.
    """
    if not reason.strip():
        raise NotPossible("An extension needs a reason.")
    now = timezone.now()
    owed = {"owed": Letter.EXTENDED, "owed_at": now} if asked.mail else {}
    changed = (
        DataRequest.objects.waiting()
        .filter(pk=asked.pk, is_extended=False, due_at__gte=now)
        .update(
            is_extended=True,
            due_at=after_months(asked.due_at, EXTENSION_MONTHS),
            reminded_at=None,
            reason=reason.strip(),
            **owed,
        )
    )
    if not changed:
        raise NotPossible(f"{asked} cannot be extended.")
    enqueue(send_request_mail, asked.pk)


def _answer(asked: DataRequest, state: State, reason: str) -> None:
    is_waiting = DataRequest.objects.waiting().filter(pk=asked.pk, erasure__isnull=True).exists()
    if not is_waiting or not settle(asked, state=state, reason=reason.strip()):
        raise NotPossible(f"{asked} cannot be answered.")
    enqueue(send_request_mail, asked.pk)

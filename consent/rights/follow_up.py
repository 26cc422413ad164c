"""Follow the requests through time: answered, reminded of, kept no longer than needed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from consent.conf import consent_settings
from consent.rights import mail
from consent.rights.models import DataRequest, Letter, State
from consent.rights.people import LINK_SECONDS

BATCH = 500


def finish_running() -> int:
    """Mark requests whose deletion has ended as done; return how many."""
    ended = DataRequest.objects.filter(state=State.RUNNING, erasure__finished_at__isnull=False)
    count = 0
    for asked in ended.select_related("erasure")[:BATCH]:
        assert asked.erasure is not None
        rows = {**asked.outcome, "rows": asked.erasure.rows}
        count += settle(asked, state=State.DONE, outcome=rows)
    return count


def settle(
    asked: DataRequest,
    *,
    state: State,
    reason: str = "",
    outcome: dict[str, int] | None = None,
) -> int:
    """Answer an open request and owe the person a mail; return 1, or 0 where somebody was faster.

    What the person wrote goes with the answer; the address once the mail is sent.
    """
    now = timezone.now()
    letter = Letter.DONE if state == State.DONE else Letter.REFUSED
    return (
        DataRequest.objects.open()
        .filter(pk=asked.pk)
        .update(
            state=state,
            reason=reason or asked.reason,
            outcome=asked.outcome if outcome is None else outcome,
            completed_at=now,
            detail="",
            owed=letter if asked.mail else "",
            owed_at=now if asked.mail else None,
        )
    )


def remind() -> int:
    """Remind person and staff once of requests whose deadline is near; return how many."""
    now = timezone.now()
    near = now + timedelta(days=consent_settings.REQUEST_REMIND_DAYS)
    due = DataRequest.objects.waiting().filter(due_at__lte=near, reminded_at__isnull=True)
    count = 0
    for asked in due.select_related("site")[:BATCH]:
        changes = {"owed": Letter.REMINDER, "owed_at": now} if asked.mail else {}
        if due.filter(pk=asked.pk).update(reminded_at=now, **changes):
            mail.tell_staff(asked=asked, letter="reminder")
            count += 1
    return count


def forget_unproved() -> int:
    """Delete guests' requests whose link is over: they were never anybody's; return how many."""
    over = timezone.now() - timedelta(seconds=2 * LINK_SECONDS)
    return _delete(DataRequest.objects.filter(state=State.RECEIVED, received_at__lt=over))


def delete_answered(*, before: datetime) -> int:
    """Delete requests that were answered before a moment; return how many."""
    return _delete(DataRequest.objects.filter(completed_at__lt=before))


def _delete(rows: QuerySet[DataRequest]) -> int:
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += DataRequest.objects.filter(pk__in=keys).delete()[0]
    return deleted

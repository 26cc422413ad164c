"""Requests that staff must answer: deadlines, mails, the queue, and how long they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.sites.models import Site
from django.core import mail
from django.test import Client
from django.utils import timezone

from consent.models import DataRequest
from consent.retention.run import apply_retention
from consent.rights import answers
from consent.rights.deadlines import after_months
from consent.rights.mail import deliver
from consent.rights.tasks import follow_requests

pytestmark = pytest.mark.django_db
PAGE = "/attention/rights/"
QUEUE = "/admin/attention_consent/datarequest/"


@pytest.fixture
def asked(signed_in: Client, site: Site, commit: Any) -> DataRequest:
    """A correction an account asked for."""
    with commit():
        response = signed_in.post(f"{PAGE}correct/", {"detail": "My street is wrong."})
    assert "done=correct" in response["Location"]
    return DataRequest.objects.get()


def told(to: str) -> list[str]:
    return [message.subject for message in mail.outbox if message.to == [to]]


@pytest.mark.parametrize(
    ("moment", "months", "due"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2028, 1, 31), 1, (2028, 2, 29)),
        ((2026, 12, 15), 1, (2027, 1, 15)),
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2026, 3, 1), 12, (2027, 3, 1)),
    ],
)
def test_a_month_is_a_calendar_month(moment: Any, months: int, due: Any) -> None:
    start = datetime(*moment, 13, 7, tzinfo=UTC)

    assert after_months(start, months) == datetime(*due, 13, 7, tzinfo=UTC)


def test_a_request_is_received_with_a_deadline_and_mails(asked: DataRequest) -> None:
    assert (asked.state, asked.door, asked.kind) == ("verified", "account", "correct")
    assert asked.due_at == after_months(asked.received_at, 1)
    assert told("ann@example.com") == [f"Your request {asked.reference} is received"]
    assert told("staff@shop.example") == [f"Request {asked.reference} waits for an answer"]
    assert not any("street" in message.body for message in mail.outbox)


def test_person_and_staff_are_reminded_once_before_the_deadline(asked: DataRequest) -> None:
    mail.outbox.clear()
    DataRequest.objects.update(due_at=timezone.now() + timedelta(days=8))
    follow_requests()
    assert mail.outbox == []

    DataRequest.objects.update(due_at=timezone.now() + timedelta(days=6))
    follow_requests()
    follow_requests()

    assert told("ann@example.com") == [f"Your request {asked.reference}: where it stands"]
    assert told("staff@shop.example") == [f"Request {asked.reference} is due soon"]


def test_an_answer_is_mailed_and_forgets_words_and_address(asked: DataRequest, commit: Any) -> None:
    mail.outbox.clear()
    with commit():
        answers.complete(asked=asked, reason="The street is now 12 Fern Lane.")

    asked.refresh_from_db()
    assert (asked.state, asked.detail, asked.mail, asked.owed) == ("done", "", "", "")
    assert asked.completed_at is not None
    assert told("ann@example.com") == [f"Your request {asked.reference} is done"]
    assert "12 Fern Lane" in mail.outbox[0].body
    with pytest.raises(answers.NotPossible):
        answers.refuse(asked=asked, reason="late")
    with pytest.raises(answers.NotPossible):
        answers.start(asked=asked)


def test_a_refusal_needs_a_reason_and_tells_it(asked: DataRequest, commit: Any) -> None:
    mail.outbox.clear()
    with pytest.raises(answers.NotPossible):
        answers.refuse(asked=asked, reason=" ")
    assert DataRequest.objects.get().state == "verified"

    with commit():
        answers.refuse(asked=asked, reason="It is right as it is.")

    assert DataRequest.objects.get().state == "refused"
    assert "It is right as it is." in mail.outbox[0].body
    assert "authority" in mail.outbox[0].body


def test_a_deadline_is_extended_once_in_time_with_a_reason(asked: DataRequest, commit: Any) -> None:
    with pytest.raises(answers.NotPossible):
        answers.extend(asked=asked, reason="")
    with commit():
        answers.extend(asked=asked, reason="Many records.")
    asked.refresh_from_db()
    assert asked.due_at == after_months(after_months(asked.received_at, 1), 2)
    assert "Many records." in mail.outbox[-1].body
    with pytest.raises(answers.NotPossible):
        answers.extend(asked=asked, reason="Again.")

    DataRequest.objects.update(is_extended=False, due_at=timezone.now() - timedelta(days=1))
    with pytest.raises(answers.NotPossible):
        answers.extend(asked=asked, reason="Too late.")


def test_a_mail_that_fails_is_tried_again_and_not_doubled(
    asked: DataRequest, commit: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    # Given a mail server that is away
    mail.outbox.clear()

    def away(self: Any) -> int:
        raise OSError("to ann@example.com: connection refused")

    with monkeypatch.context() as patch, commit():
        patch.setattr("consent.rights.mail.EmailMessage.send", away)
        answers.complete(asked=asked)
    asked.refresh_from_db()

    # Then it stays owed, the log names nobody, and later it goes out once
    assert (asked.state, asked.mail, asked.owed) == ("done", "ann@example.com", "done")
    DataRequest.objects.update(owed_at=timezone.now() - timedelta(minutes=1))
    follow_requests()
    follow_requests()
    assert told("ann@example.com") == [f"Your request {asked.reference} is done"]
    assert "ann@example.com" not in caplog.text
    assert DataRequest.objects.get().mail == ""


def test_an_address_that_never_answers_is_forgotten(
    asked: DataRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Any) -> int:
        raise OSError

    monkeypatch.setattr("consent.rights.mail.EmailMessage.send", away)
    past = timezone.now() - timedelta(days=4)
    DataRequest.objects.update(
        state="done", completed_at=past, received_at=past, owed="done", owed_at=past
    )

    assert deliver(request_id=asked.pk) is False
    assert DataRequest.objects.get().mail == ""


def test_who_holds_a_mail_is_not_disturbed(asked: DataRequest) -> None:
    mail.outbox.clear()
    soon = timezone.now() + timedelta(minutes=5)
    DataRequest.objects.update(owed="received", owed_at=soon)

    follow_requests()

    assert mail.outbox == []


def test_words_are_bounded_by_length_and_by_day(signed_in: Client, site: Site) -> None:
    assert signed_in.post(f"{PAGE}correct/", {"detail": ""}).status_code == 400
    assert signed_in.post(f"{PAGE}correct/", {"detail": "x" * 2001}).status_code == 400
    assert not DataRequest.objects.exists()

    places = [signed_in.post(f"{PAGE}correct/", {"detail": "x"})["Location"] for _ in range(6)]

    assert ["done=correct" in place for place in places] == [True] * 5 + [False]
    assert DataRequest.objects.count() == 5


def test_a_stranger_cannot_ask_for_corrections(browser: Client, site: Site) -> None:
    response = browser.post(f"{PAGE}correct/", {"detail": "x", "mail": "eve@example.com"})

    assert "done=nobody" in response["Location"]
    assert not DataRequest.objects.exists()
    assert mail.outbox == []


def test_the_person_sees_where_their_requests_stand(
    signed_in: Client, second_browser: Client, asked: DataRequest
) -> None:
    page = signed_in.get(PAGE).content.decode()

    assert asked.reference in page
    assert "identity verified" in page
    assert asked.reference not in second_browser.get(PAGE).content.decode()


def test_answered_requests_are_kept_as_long_as_told(asked: DataRequest) -> None:
    past = timezone.now() - timedelta(days=1096)
    DataRequest.objects.update(state="done", completed_at=past)
    second = DataRequest.objects.create(
        site_id=1,
        door="account",
        kind="erase",
        state="done",
        received_at=past,
        due_at=past,
        completed_at=timezone.now() - timedelta(days=1094),
    )

    apply_retention()

    assert DataRequest.objects.get() == second


def test_staff_works_through_the_queue(
    asked: DataRequest, admin_client: Client, commit: Any
) -> None:
    # Given one request that is overdue and one that is not
    DataRequest.objects.update(due_at=timezone.now() - timedelta(days=1))
    now = timezone.now()
    other = DataRequest.objects.create(
        site_id=1,
        door="browser",
        kind="correct",
        state="verified",
        received_at=now,
        due_at=now + timedelta(days=9),
    )
    overdue = admin_client.get(f"{QUEUE}?deadline=overdue").content.decode()
    waiting = admin_client.get(f"{QUEUE}?deadline=waiting").content.decode()
    assert asked.reference in overdue
    assert other.reference not in overdue
    assert other.reference in waiting

    # When they are started, and one is refused without and with a reason
    rows = {"_selected_action": [asked.pk, other.pk]}
    admin_client.post(QUEUE, {"action": "start", **rows})
    assert set(DataRequest.objects.values_list("state", flat=True)) == {"running"}
    form = {"action": "refuse", "_selected_action": [asked.pk]}
    page = admin_client.post(QUEUE, form, follow=True).content.decode()
    assert "needs a reason" in page
    with commit():
        admin_client.post(QUEUE, {**form, "reason": "Not yours."})

    # Then the person hears of it, and the step is in the log of the admin
    assert DataRequest.objects.get(pk=asked.pk).state == "refused"
    assert "Not yours." in mail.outbox[-1].body
    page = admin_client.get(f"{QUEUE}{asked.pk}/history/").content.decode()
    assert "admin" in page


def test_who_may_only_look_cannot_read_the_words_or_act(asked: DataRequest, client: Client) -> None:
    clerk = User.objects.create_user("clerk", password="x", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_datarequest"))
    client.force_login(clerk)

    page = client.get(f"{QUEUE}{asked.pk}/change/")
    client.post(QUEUE, {"action": "complete", "_selected_action": [asked.pk]})

    assert page.status_code == 200
    assert "street" not in page.content.decode()
    assert "ann@example.com" not in page.content.decode()
    assert DataRequest.objects.get().state == "verified"


def test_the_queue_costs_the_same_for_many(
    admin_client: Client, site: Site, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    DataRequest.objects.bulk_create(
        DataRequest(
            reference=str(n),
            site_id=1,
            door="browser",
            kind="correct",
            state="verified",
            received_at=now,
            due_at=now,
        )
        for n in range(30)
    )

    with django_assert_max_num_queries(12):
        assert admin_client.get(QUEUE).status_code == 200

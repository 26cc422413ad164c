"""What people and staff read: words and dates, in the order they need them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.test import Client
from django.utils import timezone

from consent.holdings import Account, Holding, register
from consent.models import DataRequest
from consent.purposes import Purpose
from consent.rights import answers
from consent.rights.models import Door
from consent.rights.people import Person
from consent.rights.services import ask_correction
from consent.visitor import Level

pytestmark = pytest.mark.django_db
PAGE = "/attention/rights/"
QUEUE = "/admin/attention_consent/datarequest/"
LEDGER = "/admin/attention_consent/decision/"


def _ask(site: Site, account: User, **told: Any) -> DataRequest:
    person = Person(site.pk, Door.ACCOUNT, None, Account(site.pk, account.pk))
    return ask_correction(person=person, detail="My street.", **told)


def test_a_decision_is_told_in_words(browser: Client, site: Site) -> None:
    browser.post("/attention/consent/", {"choice": Level.REMEMBER.value})

    page = browser.get(PAGE).text

    assert "granted. What you allowed after it: Record what I do here, " in page
    assert "recs.personal" not in page


def test_a_page_of_rows_is_headed_by_meanings_and_dated_for_people(
    signed_in: Client, account: User, site: Site, kept: Any
) -> None:
    kept[Account(site.pk, account.pk)] = [
        {"number": "A1", "at": datetime(2026, 3, 4, 15, 30, tzinfo=UTC), "lines": ["tea", "mug"]}
    ]

    page = signed_in.get(f"{PAGE}held/host.orders/").text

    assert '<th scope="col">Order number</th>' in page
    assert "<td>March 4, 2026, 3:30 p.m.</td>" in page
    assert "<td>tea; mug</td>" in page


def test_what_is_not_held_is_not_offered_for_correction(
    browser: Client, site: Site, kept: Any
) -> None:
    # Given two kinds that could be corrected on pages of their own, one of them without a row
    for label, count in (("host.seen", 2), ("host.address", 0)):
        page = "policy" if count else "verify"
        register(
            Holding(
                label=label,
                title=label,
                models=(),
                purpose=Purpose.NECESSARY,
                retention="a year",
                count=lambda shopper_id, count=count: count,
                export=lambda shopper_id: [],
                erase=lambda shopper_id, limit: 0,
                correct=f"attention_consent:{page}",
            )
        )
    browser.post("/attention/consent/", {"choice": Level.REMEMBER.value})

    offered = browser.get(PAGE).context["corrections"]

    assert offered == [("host.seen", "/attention/policy/")]


def test_a_letter_counts_from_the_day_it_arrived(site: Site, account: User) -> None:
    arrived = datetime(2026, 3, 31, 9, tzinfo=UTC)

    asked = _ask(site, account, received_at=arrived)

    assert (asked.received_at, asked.due_at) == (arrived, datetime(2026, 4, 30, 9, tzinfo=UTC))


def test_the_queue_begins_with_what_is_due_first(
    site: Site, account: User, admin_client: Client
) -> None:
    now = timezone.now()
    new, answered, late = (
        _ask(site, account, received_at=now - timedelta(days=days)) for days in (1, 9, 20)
    )
    answers.complete(asked=answered)

    listed = admin_client.get(QUEUE).context["cl"].result_list

    assert [each.pk for each in listed] == [late.pk, new.pk, answered.pk]


def test_the_ledger_begins_with_the_newest_decision(
    browser: Client, site: Site, admin_client: Client
) -> None:
    browser.post("/attention/consent/", {"choice": Level.REMEMBER.value})
    browser.post("/attention/consent/", {"choice": Level.OFF.value})

    listed = admin_client.get(LEDGER).context["cl"].result_list

    assert [each.kind for each in listed] == ["withdrawn", "granted"]

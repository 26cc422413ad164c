"""What a person sees through their own door, and through nobody else's."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.test import Client

from consent import services
from consent.holdings import Account
from consent.models import ConsentState, DataRequest, Shopper
from consent.rights import sections
from consent.rights.sections import Section, register_section
from tests.consent.support import History, request_of

pytestmark = pytest.mark.django_db
PAGE = "/attention/rights/"


def accept(browser: Client) -> Shopper:
    before = set(Shopper.objects.values_list("pk", flat=True))
    browser.post("/attention/consent/", {"choice": "remember"})
    return Shopper.objects.exclude(pk__in=before).get()


def test_a_new_visitor_sees_nothing_and_leaves_nothing(browser: Client, site: Site) -> None:
    response = browser.get(PAGE)

    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    assert not response.cookies
    page = response.content.decode()
    assert "keeps nothing that leads to you" in page
    assert "/attention/rights/guest/" in page
    assert not DataRequest.objects.exists()
    assert not Shopper.objects.exists()


def test_this_browsers_key_shows_source_purpose_retention_and_recipients(
    browser: Client, site: Site, kept: Any, history: History
) -> None:
    shopper = accept(browser)
    history.rows[shopper.pk] = 3

    page = browser.get(PAGE).content.decode()

    assert "What you looked at" in page
    assert "Record what I do here" in page
    assert "a year" in page
    assert "Nobody" in page
    assert "Nothing is held of these kinds: " in page


def test_an_account_that_never_said_anything_sees_what_the_host_holds(
    signed_in: Client, account: User, site: Site, kept: Any
) -> None:
    # Given an account without a shopper, and orders in it
    kept[Account(1, account.pk)] = [{"number": "A1", "city": "Rome"}]
    kept[Account(1, account.pk + 1)] = [{"number": "B2", "city": "Bonn"}]

    page = signed_in.get(PAGE).content.decode()
    rows = signed_in.get(f"{PAGE}held/host.orders/").content.decode()

    # Then they are shown, exported and erased, without a shopper being made
    assert "Orders" in page
    assert "The parcel service" in page
    assert "A1" in rows
    assert "Rome" in rows
    assert "Where it went" in rows
    assert "B2" not in rows
    exported = signed_in.get(f"{PAGE}export/").json()
    assert [(each["label"], each["rows"]) for each in exported["holdings"]] == [
        ("host.orders", [{"number": "A1", "city": "Rome"}])
    ]
    assert not Shopper.objects.exists()
    signed_in.post(f"{PAGE}erase/")
    assert kept == {
        Account(1, account.pk): [],
        Account(1, account.pk + 1): [{"number": "B2", "city": "Bonn"}],
    }
    asked = DataRequest.objects.get(kind="erase")
    assert (asked.state, asked.outcome, asked.mail) == ("done", {"rows": 1}, "ann@example.com")


def test_rows_come_in_pages(browser: Client, site: Site, history: History) -> None:
    shopper = accept(browser)
    history.rows[shopper.pk] = 120

    first = browser.get(f"{PAGE}held/test.history/").content.decode()
    last = browser.get(f"{PAGE}held/test.history/?page=3").content.decode()

    assert re.findall(r"<td>(\d+)</td>", first) == [str(n) for n in range(50)]
    assert re.findall(r"<td>(\d+)</td>", last) == [str(n) for n in range(100, 120)]
    assert 'rel="next"' in first
    assert 'rel="next"' not in last
    for bad in ("0", "-1", "x", "9" * 30):
        assert browser.get(f"{PAGE}held/test.history/?page={bad}").status_code == 404
    assert browser.get(f"{PAGE}held/nothing/").status_code == 404


def test_nobody_reads_rows_or_receipts_of_another(
    browser: Client, second_browser: Client, site: Site, history: History
) -> None:
    # Given a neighbor with a history and a decision
    neighbor = services.grant_remember(request=request_of())
    history.rows[neighbor.pk] = 2
    number = ConsentState.objects.get(pk=neighbor.pk).sequence

    # When a stranger and another remembered person ask for them
    for client in (browser, second_browser):
        assert client.get(f"{PAGE}receipts/{number}/").status_code == 404
        accept(client)
        assert client.get(f"{PAGE}receipts/{number}/").status_code == 404
        body = client.get(f"{PAGE}export/").content.decode()
        assert str(neighbor.pk) not in body


def test_a_script_of_the_host_cannot_be_smuggled_into_the_tables(
    signed_in: Client, account: User, site: Site, kept: Any
) -> None:
    kept[Account(1, account.pk)] = [{"number": "<script>alert(1)</script>", "city": None}]

    page = signed_in.get(f"{PAGE}held/host.orders/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.fixture
def section(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A section of another floor that notes what was done."""
    heard: list[Any] = []

    def learn(shopper_id: Any, request: Any) -> None:
        if "what" not in request.POST:
            raise ValueError("nothing named")
        heard.append((shopper_id, request.POST["what"]))

    def broken(shopper_id: Any, request: Any) -> dict[str, Any]:
        raise RuntimeError("a store is down")

    monkeypatch.setattr(sections, "_sections", {})
    template = "attention_consent/parts/signal.html"
    register_section(
        Section("likes", "Likes", template, lambda who, request: {"gpc": True}, {"learn": learn})
    )
    register_section(Section("none", "Never shown", template, lambda who, request: None))
    register_section(Section("broken", "Broken", template, broken))
    return heard


def test_other_floors_put_sections_on_the_page(
    browser: Client, site: Site, section: list[Any]
) -> None:
    shopper = accept(browser)

    page = browser.get(PAGE).content.decode()
    response = browser.post(f"{PAGE}sections/likes/", {"action": "learn", "what": "tea"})

    assert "Likes" in page
    assert "Global Privacy Control" in page
    assert "Never shown" not in page
    assert "Broken" not in page
    assert response["Location"] == "/attention/rights/?done=section#likes"
    assert section == [(shopper.pk, "tea")]


def test_an_action_that_is_not_understood_changes_nothing(
    browser: Client, site: Site, section: list[Any]
) -> None:
    unclear = browser.post(f"{PAGE}sections/likes/", {"action": "learn"})

    assert unclear["Location"] == "/attention/rights/?done=unclear"
    assert browser.post(f"{PAGE}sections/likes/", {"action": "nope"}).status_code == 404
    assert browser.post(f"{PAGE}sections/other/", {"action": "learn"}).status_code == 404
    foreign = Client(headers={"Origin": "https://evil.test"})
    refused = foreign.post(f"{PAGE}sections/likes/", {"action": "learn", "what": "tea"})
    assert refused.status_code == 403
    assert section == []


@pytest.mark.parametrize("path", ["restrict", "lift", "stop", "erase", "correct", "guest/act"])
def test_every_form_is_taken_from_the_shops_own_pages_alone(
    browser: Client, site: Site, path: str
) -> None:
    shopper = accept(browser)
    state = ConsentState.objects.get(pk=shopper.pk)
    evil = Client(headers={"Origin": "https://evil.test"})
    evil.cookies = browser.cookies

    assert evil.post(f"{PAGE}{path}/", {"detail": "x"}).status_code == 403
    assert evil.get(f"{PAGE}{path}/").status_code == 405
    assert ConsentState.objects.get(pk=shopper.pk).generation == state.generation
    assert not DataRequest.objects.exists()


def test_copies_are_bounded_and_recorded_once_an_hour(browser: Client, site: Site) -> None:
    accept(browser)

    answers = [browser.get(f"{PAGE}export/").status_code for _ in range(32)]

    assert answers == [200] * 30 + [429] * 2
    asked = DataRequest.objects.get()
    assert (asked.kind, asked.state, asked.door, asked.mail) == ("export", "done", "browser", "")
    assert json.loads(json.dumps(asked.outcome))["rows"] > 0


def test_an_unknown_key_opens_nothing(browser: Client, site: Site) -> None:
    shopper = accept(browser)
    Shopper.objects.filter(pk=shopper.pk).delete()

    page = browser.get(PAGE).content.decode()

    assert "keeps nothing that leads to you" in page
    assert browser.get(f"{PAGE}export/").json()["holdings"] == []
    assert str(uuid4()) not in page

"""People who bought without an account: a link by mail, used once, and never a hint to others."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections import OrderedDict
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core import mail
from django.core.cache.backends.dummy import DummyCache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.holdings import Guest
from consent.models import DataRequest
from consent.rights import people
from consent.rights.tasks import follow_requests

pytestmark = pytest.mark.django_db
ASK = "/attention/rights/guest/"
ACT = "/attention/rights/guest/act/"
EVE = Guest(1, "eve@example.com")


@pytest.fixture
def orders(kept: Any, site: Site) -> Any:
    kept[EVE] = [{"number": "A1", "city": "Rome"}, {"number": "A2", "city": "Oslo"}]
    kept[Guest(1, "bob@example.com")] = [{"number": "B1", "city": "Bonn"}]
    return kept


def ask(browser: Client, commit: Any, address: str = "eve@example.com") -> Any:
    with commit():
        return browser.post(ASK, {"mail": address})


def link_in(message: Any) -> str:
    found = re.search(r"https://shop\.example(/\S+)", message.body)
    assert found is not None
    return found[1]


def proof_on(response: Any) -> str:
    found = re.search(r'name="proof" value="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def test_a_mailed_link_shows_what_is_held_once(browser: Client, orders: Any, commit: Any) -> None:
    # Given a link that was mailed to the address of an order, however it was typed
    ask(browser, commit, " EVE@Example.com ")
    (message,) = mail.outbox
    assert message.to == ["eve@example.com"]
    assert "Rome" not in message.body
    link = link_in(message)

    # When it is opened it shows a button alone, and the button shows the orders
    opened = browser.get(link)
    assert opened.status_code == 200
    assert "Rome" not in opened.content.decode()
    shown = browser.post(link)
    page = shown.content.decode()
    assert (shown.status_code, shown["Cache-Control"]) == (200, "private, no-store")
    assert "Rome" in page
    assert "Oslo" in page
    assert "Bonn" not in page
    assert not shown.cookies

    # Then the link is used up
    again = browser.post(link)
    assert again.status_code == 410
    assert "Rome" not in again.content.decode()
    asked = DataRequest.objects.get()
    assert (asked.door, asked.kind, asked.state, asked.mail) == ("guest", "access", "done", "")
    assert asked.outcome == {"rows": 2}


def test_the_answer_is_the_same_for_every_address(
    browser: Client, orders: Any, commit: Any
) -> None:
    known = ask(browser, commit, "eve@example.com")
    unknown = ask(browser, commit, "nobody@example.com")

    assert known.content == unknown.content
    assert known.status_code == unknown.status_code == 200
    told = {message.to[0]: message.body for message in mail.outbox}
    assert "https://shop.example/attention/rights/guest/link/" in told["eve@example.com"]
    assert "It holds nothing." in told["nobody@example.com"]
    assert "/guest/link/" not in told["nobody@example.com"]
    row = DataRequest.objects.get(state="done")
    assert (row.mail, row.subject) == ("", "")


def test_the_link_leads_here_whatever_host_was_sent(
    browser: Client, orders: Any, commit: Any, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    with commit():
        browser.post(
            ASK,
            {"mail": "eve@example.com"},
            headers={"Host": "evil.test", "Origin": "http://evil.test"},
        )

    assert "evil" not in mail.outbox[0].body


def test_a_link_is_over_in_half_an_hour(
    browser: Client, orders: Any, commit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(browser, commit)
    link = link_in(mail.outbox[0])
    later = time.time() + 1801
    monkeypatch.setattr(people.time, "time", lambda: later)

    assert browser.get(link).status_code == 410
    assert browser.post(link).status_code == 410
    assert DataRequest.objects.get().state == "received"


def test_a_forged_link_opens_nothing(browser: Client, orders: Any, commit: Any) -> None:
    ask(browser, commit)
    link = link_in(mail.outbox[0])
    token = link.rstrip("/").rsplit("/", 1)[1]
    kid, body, mac = token.split(".")

    for forged in (f"{kid}.{body}.{mac[:-2]}AA", f"{kid}.W10.{mac}", "a.b.c", "x", token + "x"):
        assert browser.post(f"/attention/rights/guest/link/{forged}/").status_code == 410
    page_token = people.page_token(EVE)
    assert browser.post(f"/attention/rights/guest/link/{page_token}/").status_code == 410
    assert browser.post(ACT, {"proof": token, "action": "json"}).status_code == 410
    assert DataRequest.objects.get().state == "received"


def test_links_are_bounded_by_address_and_by_network(
    browser: Client, orders: Any, commit: Any
) -> None:
    # An address gets three links an hour, and the page does not say so
    answers = [ask(browser, commit) for _ in range(4)]
    assert len({answer.content for answer in answers}) == 1
    assert len(mail.outbox) == 3

    # A network may ask ten times
    codes = [ask(browser, commit, f"x{n}@example.com").status_code for n in range(7)]
    assert codes == [200] * 6 + [429]
    assert len(mail.outbox) == 9
    assert DataRequest.objects.count() == 9


class Down:
    """A cache that cannot be reached."""

    def add(self, *args: Any, **kwargs: Any) -> None:
        raise ConnectionError


@pytest.mark.parametrize("cache", [Down(), DummyCache("", {})])
def test_without_counts_in_the_cache_a_process_counts_by_itself(
    browser: Client,
    orders: Any,
    commit: Any,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    cache: Any,
) -> None:
    monkeypatch.setattr("consent.rights.limits.cache", cache)
    monkeypatch.setattr("consent.rights.limits._here", OrderedDict())
    own = {"REQUEST_NETWORK_LIMIT": 2}
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, **own}

    codes = [ask(browser, commit).status_code for _ in range(4)]

    assert codes == [200, 200, 429, 429]
    assert len(mail.outbox) == 2
    assert DataRequest.objects.count() == 2


def test_a_guest_takes_copies(browser: Client, orders: Any, commit: Any) -> None:
    ask(browser, commit)
    proof = proof_on(browser.post(link_in(mail.outbox[0])))

    content = browser.post(ACT, {"proof": proof, "action": "json"}).json()
    archive = browser.post(ACT, {"proof": proof, "action": "csv"})

    assert [each["rows"] for each in content["holdings"]] == [orders[EVE]]
    with zipfile.ZipFile(io.BytesIO(b"".join(archive.streaming_content))) as folder:
        assert folder.read("host.orders.csv").decode().splitlines() == [
            "number,city",
            "A1,Rome",
            "A2,Oslo",
        ]


def test_a_guest_deletes_their_orders_and_no_one_elses(
    browser: Client, orders: Any, commit: Any
) -> None:
    ask(browser, commit)
    proof = proof_on(browser.post(link_in(mail.outbox[0])))

    with commit():
        response = browser.post(ACT, {"proof": proof, "action": "erase"})

    assert response.status_code == 200
    assert orders[EVE] == []
    assert orders[Guest(1, "bob@example.com")] == [{"number": "B1", "city": "Bonn"}]
    asked = DataRequest.objects.get(kind="erase")
    assert (asked.state, asked.outcome, asked.subject) == ("done", {"rows": 2}, "")
    assert not DataRequest.objects.exclude(mail="").exists()
    assert mail.outbox[-1].to == ["eve@example.com"]
    assert "done" in mail.outbox[-1].subject
    assert orders[EVE] == []


def test_a_guest_asks_for_a_correction(browser: Client, orders: Any, commit: Any) -> None:
    ask(browser, commit)
    proof = proof_on(browser.post(link_in(mail.outbox[0])))

    form = {"proof": proof, "action": "correct"}
    assert browser.post(ACT, form).status_code == 400
    with commit():
        page = browser.post(ACT, {**form, "detail": "I moved."}).content.decode()

    asked = DataRequest.objects.get(kind="correct")
    assert (asked.state, asked.detail, asked.mail) == ("verified", "I moved.", "eve@example.com")
    assert asked.reference in page
    assert {message.to[0] for message in mail.outbox[1:]} == {
        "eve@example.com",
        "staff@shop.example",
    }
    staff = next(each for each in mail.outbox if each.to == ["staff@shop.example"])
    assert "eve" not in staff.body + staff.subject
    assert "moved" not in staff.body


def test_the_page_of_a_guest_is_over_in_a_quarter_of_an_hour(
    browser: Client, orders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = people.page_token(EVE)
    later = time.time() + 901
    monkeypatch.setattr(people.time, "time", lambda: later)

    assert browser.post(ACT, {"proof": proof, "action": "erase"}).status_code == 410
    assert len(orders[EVE]) == 2


def test_the_page_of_another_site_proves_nothing_here(browser: Client, orders: Any) -> None:
    proof = people.page_token(Guest(2, "eve@example.com"))

    assert browser.post(ACT, {"proof": proof, "action": "erase"}).status_code == 410
    assert len(orders[EVE]) == 2


def test_what_nobody_proved_is_forgotten(browser: Client, orders: Any, commit: Any) -> None:
    ask(browser, commit)
    past = timezone.now() - timedelta(hours=2)
    DataRequest.objects.update(received_at=past)

    follow_requests()

    assert not DataRequest.objects.exists()


def test_what_is_no_address_is_refused(browser: Client, orders: Any) -> None:
    for text in ("", "x", "a@b", "a@b.c\nBcc: d@e.f", "x" * 300 + "@example.com"):
        assert browser.post(ASK, {"mail": text}).status_code == 400
    assert mail.outbox == []
    assert not DataRequest.objects.exists()

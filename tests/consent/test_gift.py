"""A visit that is a gift: nothing is learned from it, and nothing of the person is used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.test import Client

from consent.gate import Refusal, RefusalReason, permit
from consent.gift_note import ended_at, read_note
from consent.models import Shopper
from consent.purposes import OPTIONAL_PURPOSES, Purpose
from tests.consent.support import new_shopper, request_of

pytestmark = pytest.mark.django_db

BACK = "/attention/preferences/"


def press(browser: Client, value: str, **form: str) -> Any:
    return browser.post("/attention/gift/", {"gift": value, **form})


def control(browser: Client) -> str:
    return str(browser.get("/").content.decode())


@pytest.mark.parametrize("purpose", sorted(OPTIONAL_PURPOSES))
def test_the_gate_refuses_every_optional_purpose(site: Site, purpose: Purpose) -> None:
    request = request_of(new_shopper(site))
    request.visitor.is_gift = True  # type: ignore[attr-defined]
    answer = permit(request.visitor, purpose)  # type: ignore[attr-defined]
    assert answer == Refusal(purpose, RefusalReason.GIFT)


def test_one_click_starts_it_and_one_ends_it(browser: Client, site: Site) -> None:
    # Given a remembered person
    browser.post("/attention/consent/", {"choice": "remember"})
    assert "This visit is a gift</button>" in control(browser)

    # When they press the control
    response = press(browser, "on", next="/search/")

    # Then a session cookie without identifier says so, and every page shows the way back
    assert (response.status_code, response["Location"]) == (303, "/search/")
    assert response["Cache-Control"] == "private, no-store"
    cookie = browser.cookies["attention_gift"]
    assert cookie.value == "on"
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    page = browser.get("/")
    assert "Use my history again" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"

    # And the way back leaves a note of the moment alone
    press(browser, "off")
    assert browser.cookies["attention_gift"].value.startswith("off-")
    assert "This visit is a gift</button>" in control(browser)


@pytest.mark.parametrize("choice", [None, "off"])
def test_nobody_else_gets_a_cookie_or_a_control(
    browser: Client, site: Site, choice: str | None
) -> None:
    if choice:
        browser.post("/attention/consent/", {"choice": choice})
    assert press(browser, "on").status_code == 303
    assert "attention_gift" not in browser.cookies
    assert "This visit is a gift" not in control(browser)


def test_another_shops_page_cannot_switch_it(browser: Client, site: Site) -> None:
    browser.post("/attention/consent/", {"choice": "remember"})
    foreign = browser.post(
        "/attention/gift/", {"gift": "on"}, headers={"Origin": "https://elsewhere.example"}
    )
    assert foreign.status_code == 403
    assert "attention_gift" not in browser.cookies


def test_a_gift_lasts_through_login_and_ends_with_logout(browser: Client, site: Site) -> None:
    # Given an account that is remembered, and a remembered browser that buys a gift
    ann = get_user_model().objects.create_superuser("ann", password="a long pass phrase")
    new_shopper(site, ann)
    browser.post("/attention/consent/", {"choice": "remember"})
    press(browser, "on")

    # When the person logs in to pay
    form = {"username": "ann", "password": "a long pass phrase", "next": BACK}
    browser.post("/admin/login/", form)

    # Then it is still a gift; the next person on the machine starts without
    assert browser.cookies["attention_gift"].value == "on"
    assert "Use my history again" in control(browser)
    browser.post("/admin/logout/", {"next": BACK})
    assert browser.cookies["attention_gift"].value == ""


def test_refusing_works_during_a_gift_and_ends_it(browser: Client, site: Site) -> None:
    browser.post("/attention/consent/", {"choice": "remember"})
    press(browser, "on")
    assert "Turn off</button>" in control(browser)
    browser.post("/attention/consent/", {"choice": "off"})
    assert browser.cookies["attention_gift"].value == ""
    assert not Shopper.objects.exists()


@pytest.mark.parametrize("value", [None, "", "yes", "off-", "off--1", "off-12x", "on ", "off-" * 9])
def test_anything_else_is_no_note(value: str | None) -> None:
    assert read_note(value) == (False, None)


def test_the_note_of_the_end_names_the_next_millisecond() -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7, 8_900, tzinfo=UTC)
    assert read_note(ended_at(moment)) == (
        False,
        datetime(2026, 3, 4, 5, 6, 7, 9_000, tzinfo=UTC),
    )

"""A yes counts only for what its page showed; a no always counts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.test import Client

from consent.models import ConsentState, Decision, Shopper
from consent.purposes import BANNER_PURPOSES, Purpose
from tests.consent.support import OWN, request_of
from tests.consent.test_pages import render

pytestmark = pytest.mark.django_db

CHOOSE = "/attention/consent/"
PREFERENCES = "/attention/preferences/"


def seen_on(browser: Client) -> str:
    """What the forms of the preferences page say now; the same in each."""
    (seen,) = set(re.findall(r'name="seen" value="([^"]*)"', browser.get(PREFERENCES).text))
    return str(seen)


def test_every_form_that_can_grant_says_what_its_page_showed(browser: Client, site: Site) -> None:
    assert 'name="seen" value="undecided.0"' in render("{% consent_banner %}", request_of())
    assert seen_on(browser) == "undecided.0"
    browser.post(CHOOSE, {"choice": "remember"})
    assert seen_on(browser) == "remember.1"
    browser.post(
        PREFERENCES,
        {"action": "purposes", "purposes": ["analytics", "recs.personal"], "seen": "remember.1"},
    )
    assert seen_on(browser) == "remember.2"
    assert browser.get("/attention/consent/state/").json()["seen"] == "remember.2"
    browser.post(CHOOSE, {"choice": "off"})
    assert seen_on(browser) == "off.0"


def test_an_old_banner_never_grants_again_what_was_withdrawn(browser: Client, site: Site) -> None:
    # Given two windows with the banner, and a person who accepts in one and then says no to one use
    browser.post(CHOOSE, {"choice": "remember"})
    kept = ["analytics", "recs.personal"]
    browser.post(PREFERENCES, {"action": "purposes", "purposes": kept, "seen": "remember.1"})

    # When the banner of the other window is sent, by hand or by a browser that restores it
    answer = browser.post(CHOOSE, {"choice": "remember", "seen": "undecided.0", "next": "/"})

    # Then nothing is granted
    assert answer["Location"] == "/"
    assert ConsentState.objects.get().granted == BANNER_PURPOSES - {Purpose.MODEL_TRAIN}
    assert Decision.objects.count() == 2


@pytest.mark.parametrize("choice", ["remember", "visit"])
@pytest.mark.parametrize("kind", ["form", "json", "preferences"])
def test_after_a_no_in_another_window_an_old_yes_is_asked_again(
    browser: Client, site: Site, choice: str, kind: str
) -> None:
    browser.post(CHOOSE, {"choice": "off"})
    form: dict[str, Any] = {"choice": choice, "seen": "undecided.0"}

    if kind == "form":
        answer = browser.post(CHOOSE, form)
        assert answer["Location"] == f"{PREFERENCES}?changed"
        page = browser.get(answer["Location"]).text
    elif kind == "json":
        answer = browser.post(CHOOSE, form, content_type="application/json")
        assert answer.status_code == 409
        page = ""
    else:
        answer = browser.post(PREFERENCES, form)
        assert answer.status_code == 409
        page = answer.text

    assert "attention_key" not in answer.cookies
    assert "attention_visit" not in answer.cookies
    assert not Shopper.objects.exists()
    if page:
        assert "You decided in another window" in page
        assert browser.post(PREFERENCES, {**form, "seen": seen_on(browser)}).status_code == 303


def test_switches_of_an_old_page_change_nothing(browser: Client, site: Site) -> None:
    browser.post(CHOOSE, {"choice": "remember"})
    everything = {"action": "purposes", "purposes": sorted(BANNER_PURPOSES), "seen": "remember.1"}
    browser.post(PREFERENCES, {**everything, "purposes": ["analytics"]})

    answer = browser.post(PREFERENCES, everything)

    assert answer.status_code == 409
    assert ConsentState.objects.get().granted == {Purpose.ANALYTICS}
    assert browser.post(PREFERENCES, {**everything, "seen": "remember.2"}).status_code == 303
    assert ConsentState.objects.get().granted == BANNER_PURPOSES


def test_a_no_counts_however_old_its_page_is(browser: Client, site: Site) -> None:
    for path in (CHOOSE, PREFERENCES):
        seen = browser.get("/attention/consent/state/").json()["seen"]
        browser.post(CHOOSE, {"choice": "remember", "seen": seen})
        assert browser.post(path, {"choice": "off", "seen": "undecided.0"}).status_code == 303
        assert not Shopper.objects.exists()


def test_a_double_click_decides_once(browser: Client, site: Site) -> None:
    for _ in range(2):
        browser.post(CHOOSE, {"choice": "remember", "seen": "undecided.0", "next": "/"})

    assert Shopper.objects.count() == Decision.objects.count() == 1


def test_another_persons_old_page_grants_nothing(site: Site) -> None:
    """Two people on one machine: the second finds the first one's banner still open."""
    machine = Client(headers=OWN)
    machine.post(CHOOSE, {"choice": "visit"})

    answer = machine.post(CHOOSE, {"choice": "remember", "seen": "undecided.0"})

    assert answer["Location"] == f"{PREFERENCES}?changed"
    assert not Shopper.objects.exists()

"""The table of levels: what the browser keeps, what the server keeps."""

from __future__ import annotations

from datetime import timedelta
from http import cookies as http_cookies

import pytest
from django.contrib.sites.models import Site
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.models import ChoiceCount, ConsentState, Decision, Erasure, Shopper
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.visitor import read_key
from tests.consent.support import OWN, History, of_page

CHOOSE = "/attention/consent/"
STATE = "/attention/consent/state/"

pytestmark = pytest.mark.django_db


def choose(browser: Client, choice: str) -> dict[str, http_cookies.Morsel[str]]:
    """Send a choice and return the cookies of the answer."""
    form = of_page(browser, {"choice": choice, "next": "/shop/?page=2"})
    response = browser.post(CHOOSE, form)
    assert response.status_code == 303
    assert response["Location"] == "/shop/?page=2"
    assert response["Cache-Control"] == "private, no-store"
    return dict(response.cookies.items())


def state(browser: Client) -> dict[str, object]:
    return dict(browser.get(STATE).json())


def test_nothing_said_keeps_nothing(browser: Client, site: Site) -> None:
    response = browser.get(STATE)
    assert response.json() == {
        "level": "undecided",
        "purposes": [],
        "resting": [],
        "gpc": False,
        "policy": None,
        "decided_at": None,
        "page": "",
        "notice": "ask",
        "seen": "undecided.0",
    }
    assert not response.cookies
    assert not Shopper.objects.exists()
    assert not ChoiceCount.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/attention/consent/state/",
        "/attention/preferences/",
        "/attention/policy/",
        "/attention/rights/",
        "/attention/rights/export/",
        "/.well-known/gpc.json",
    ],
)
def test_a_first_response_sets_no_cookie(browser: Client, site: Site, path: str) -> None:
    response = browser.get(path)
    assert response.status_code == 200
    assert not response.cookies
    assert not Decision.objects.exists()


def test_off_keeps_a_note_without_identifier_and_one_count(browser: Client, site: Site) -> None:
    jar = choose(browser, "off")
    assert jar.keys() == {"attention_choice"}
    note = jar["attention_choice"]
    assert note.value == f"1-{timezone.now():%Y%m}"
    assert note["max-age"] == 6 * 31 * 24 * 3600
    assert (note["httponly"], note["samesite"]) == (True, "Lax")
    assert not Shopper.objects.exists()
    assert not Decision.objects.exists()
    count = ChoiceCount.objects.get()
    assert (count.choice, count.count) == ("off", 1)
    assert (count.hour.minute, count.hour.second) == (0, 0)
    assert state(browser)["level"] == "off"


def test_two_refusals_in_an_hour_are_one_row(site: Site) -> None:
    choose(Client(headers=OWN), "off")
    choose(Client(headers=OWN), "off")
    assert sum(ChoiceCount.objects.values_list("count", flat=True)) == 2


def test_a_visit_keeps_a_signed_session_cookie_and_nothing_on_the_server(
    browser: Client, site: Site
) -> None:
    jar = choose(browser, "visit")
    assert jar.keys() == {"attention_visit"}
    cookie = jar["attention_visit"]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert not Shopper.objects.exists()
    assert not Decision.objects.exists()
    assert state(browser) == {
        "level": "visit",
        "purposes": ["recs.personal"],
        "resting": [],
        "gpc": False,
        "policy": None,
        "decided_at": None,
        "page": "",
        "notice": "none",
        "seen": "visit.0",
    }


def test_remember_makes_a_person_a_ledger_row_and_a_key(browser: Client, site: Site) -> None:
    jar = choose(browser, "remember")
    assert jar.keys() == {"attention_key"}
    cookie = jar["attention_key"]
    shopper, row = Shopper.objects.get(), Decision.objects.get()
    assert read_key(cookie.value, "") == shopper.pk
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert (row.kind, row.source, row.actor) == ("granted", "banner", "shopper")
    assert set(row.purposes.split()) == BANNER_PURPOSES
    assert row.subject != shopper.pk.hex
    answer = state(browser)
    assert answer["level"] == "remember"
    assert answer["purposes"] == sorted(BANNER_PURPOSES)
    assert answer["policy"] == 1


def test_the_key_is_secure_where_the_request_is(browser: Client, site: Site) -> None:
    response = browser.post(
        CHOOSE, {"choice": "remember"}, secure=True, headers={"Origin": "https://testserver"}
    )
    assert response.cookies["attention_key"]["secure"] is True


def test_accepting_twice_is_one_person_and_one_decision(browser: Client, site: Site) -> None:
    choose(browser, "remember")
    choose(browser, "remember")
    assert Shopper.objects.count() == 1
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("lower", ["off", "visit"])
def test_turning_down_after_remember_deletes_and_takes_the_key(
    browser: Client, site: Site, history: History, lower: str
) -> None:
    choose(browser, "remember")
    shopper = Shopper.objects.get()
    history.rows[shopper.pk] = 40
    jar = choose(browser, lower)
    assert jar["attention_key"].value == ""
    assert jar["attention_key"]["max-age"] == 0
    assert history.rows[shopper.pk] == 0
    assert not Shopper.objects.exists()
    assert not ConsentState.objects.exists()
    assert [row.kind for row in Decision.objects.all()] == ["granted", "withdrawn"]
    assert Decision.objects.last().purposes == ""  # type: ignore[union-attr]
    assert state(browser)["level"] == lower
    assert Erasure.objects.get().rows == 40


def test_a_large_history_is_unreadable_at_once_and_deleted_by_a_task(
    browser: Client,
    site: Site,
    history: History,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[int] = []
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda task, *args: sent.append(args[0]))
    choose(browser, "remember")
    shopper = Shopper.objects.get()
    history.rows[shopper.pk] = 2500
    choose(browser, "off")
    state_row = ConsentState.objects.get(pk=shopper.pk)
    assert (state_row.purposes, state_row.generation) == (0, 2)
    assert history.rows[shopper.pk] == 1500
    erasure = Erasure.objects.due().get()
    assert sent == [erasure.pk]

    from consent.tasks import finish_erasure

    finish_erasure(erasure.pk)
    finish_erasure(erasure.pk)
    erasure.refresh_from_db()
    assert history.rows[shopper.pk] == 0
    assert (erasure.rows, erasure.shopper_id) == (2500, None)
    assert erasure.finished_at is not None
    assert not Shopper.objects.exists()


def test_yes_after_no_is_a_new_person(browser: Client, site: Site, history: History) -> None:
    choose(browser, "remember")
    first = Shopper.objects.get().pk
    choose(browser, "off")
    jar = choose(browser, "remember")
    assert jar["attention_choice"].value == ""
    assert Shopper.objects.get().pk != first


def test_a_no_holds_for_six_months_and_a_forged_one_never(
    browser: Client, site: Site, settings: Settings
) -> None:
    month = timezone.now().replace(day=1)
    for _ in range(6):
        month = (month - timedelta(days=1)).replace(day=1)
    browser.cookies["attention_choice"] = f"1-{month:%Y%m}"
    assert state(browser)["level"] == "off"
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "REASK_MONTHS": 5}
    assert state(browser)["level"] == "undecided"
    for forged in ("off", "1-209912", "0-202611", "1-202613", "x" * 5000, "1-202611\x00"):
        browser.cookies["attention_choice"] = forged
        assert state(browser)["level"] == "undecided"


def test_a_refusal_outweighs_a_key(browser: Client, site: Site) -> None:
    choose(browser, "remember")
    browser.cookies["attention_choice"] = f"1-{timezone.now():%Y%m}"
    assert state(browser)["level"] == "off"


def test_gpc_takes_blocked_purposes_out_of_a_grant(site: Site) -> None:
    from consent import services
    from tests.consent.support import request_of

    request = request_of(**{"Sec-GPC": "1"})
    shopper = services.grant_remember(
        request=request, purposes={Purpose.ANALYTICS, Purpose.ADS_PERSONAL}
    )
    assert ConsentState.objects.get(pk=shopper.pk).granted == {Purpose.ANALYTICS}
    assert Decision.objects.get().gpc is True

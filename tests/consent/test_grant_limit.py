"""One network adds only so many permissions to the ledger; a no is never limited."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.test import Client
from pytest_django import Settings

from consent.models import ChoiceCount, ConsentState, Decision, Shopper
from consent.purposes import Purpose
from tests.consent.support import OWN, of_page

CHOOSE, PREFERENCES = "/attention/consent/", "/attention/preferences/"
SOMEWHERE, ELSEWHERE = "8.8.8.8", "9.9.9.9"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_an_hour(site: Site, settings: Settings) -> None:
    own = {"GRANT_NETWORK_LIMIT": 2}
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, **own}


def a_browser(network: str = SOMEWHERE) -> Client:
    return Client(headers=OWN, REMOTE_ADDR=network)


def accept(browser: Client, **more: str) -> Any:
    return browser.post(CHOOSE, {"choice": "remember", **more})


@pytest.fixture
def remembered() -> Client:
    """A person remembered before their network used its hour up."""
    browser = a_browser()
    accept(browser)
    accept(a_browser())
    return browser


@pytest.mark.usefixtures("remembered")
def test_past_the_limit_nothing_is_written_and_the_form_keeps_the_choice() -> None:
    rows = Decision.objects.count()
    browser = a_browser()

    answer = accept(browser, next="/basket/")

    assert answer.status_code == 429
    assert answer["Retry-After"] == "3600"
    assert answer["Cache-Control"] == "private, no-store"
    assert "Too many people said yes" in answer.text
    assert re.search(r'value="remember" checked', answer.text)
    assert f'<form class="attn-levels" method="post" action="{PREFERENCES}">' in answer.text
    assert '<input type="hidden" name="next" value="/basket/">' in answer.text
    assert "attention_key" not in answer.cookies
    assert (Decision.objects.count(), Shopper.objects.count()) == (rows, 2)
    assert ChoiceCount.objects.get(choice="remember").count == 2


@pytest.mark.usefixtures("remembered")
def test_the_form_that_was_kept_works_once_there_is_room(settings: Settings) -> None:
    browser = a_browser()
    page = accept(browser, next="/attention/policy/").text
    level = page.partition('<form class="attn-levels"')[2].partition("</form>")[0]
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', level))
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "GRANT_NETWORK_LIMIT": 4}

    answer = browser.post(PREFERENCES, {**form, "choice": "remember"})

    assert (answer.status_code, answer["Location"]) == (303, "/attention/policy/")
    assert Shopper.objects.count() == 3


@pytest.mark.usefixtures("remembered")
def test_a_script_is_told_when_to_try_again() -> None:
    answer = a_browser().post(CHOOSE, {"choice": "remember"}, content_type="application/json")

    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert answer.json() == {
        "detail": "Too many permissions came from this network: try again in an hour."
    }
    assert Shopper.objects.count() == 2


@pytest.mark.usefixtures("remembered")
def test_other_networks_and_addresses_that_are_nobodys_go_on() -> None:
    for network in (ELSEWHERE, "127.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", ""):
        assert accept(a_browser(network)).status_code == 303
    assert Shopper.objects.count() == 8


@pytest.mark.usefixtures("remembered")
@pytest.mark.parametrize("choice", ["off", "visit"])
def test_what_adds_nothing_to_the_ledger_is_never_limited(choice: str) -> None:
    codes = {a_browser().post(CHOOSE, {"choice": choice}).status_code for _ in range(4)}

    assert codes == {303}
    assert ChoiceCount.objects.get(choice=choice).count == 4


def test_a_withdrawal_is_never_limited(remembered: Client) -> None:
    assert accept(a_browser()).status_code == 429

    answer = remembered.post(CHOOSE, {"choice": "off"})

    assert answer.status_code == 303
    assert Decision.objects.filter(kind="withdrawn").count() == 1
    assert Shopper.objects.count() == 1


def test_switching_off_counts_while_switching_on_waits(remembered: Client) -> None:
    """One form says both: what it switches off is off, what it switches on is not."""
    off = {"action": "purposes", "purposes": ["analytics", "recs.personal"]}
    assert remembered.post(PREFERENCES, of_page(remembered, off)).status_code == 303
    both = {"action": "purposes", "purposes": ["analytics", "model.train"]}

    answer = remembered.post(PREFERENCES, of_page(remembered, both))

    assert answer.status_code == 429
    state = ConsentState.objects.order_by("sequence").last()
    assert state is not None
    assert state.granted == {Purpose.ANALYTICS}
    kept = re.findall(r'name="purposes" value="([\w.]+)" checked', answer.text)
    assert sorted(kept) == ["analytics", "model.train"]


@pytest.mark.usefixtures("remembered")
def test_an_account_is_limited_as_anybody_is() -> None:
    browser = a_browser()
    browser.force_login(User.objects.create_user("ann"))

    assert accept(browser).status_code == 429

    assert not Shopper.objects.filter(user__isnull=False).exists()


@pytest.mark.usefixtures("remembered")
def test_no_address_is_stored_anywhere() -> None:
    models: list[type[Any]] = [Decision, Shopper, ConsentState, ChoiceCount]
    assert not any(SOMEWHERE in str(list(model.objects.values())) for model in models)

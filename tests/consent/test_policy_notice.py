"""A changed text: who is asked again, who only hears of it."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from django.contrib.sites.models import Site
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import services
from consent.gate import permit
from consent.models import ConsentState, Decision
from consent.policies import selectors
from consent.purposes import Purpose
from consent.visitor import read_visitor
from tests.consent.policy_support import CHOOSE, STATE, accept, page, publish
from tests.consent.support import OWN, new_shopper, of_page, request_of

pytestmark = pytest.mark.django_db


def test_the_notice_comes_back_and_says_why(browser: Client, site: Site) -> None:
    accept(browser)
    assert "attn-notice" not in page(browser)
    publish(site, is_material=True)
    html = page(browser)
    assert "This text has changed" in html
    assert "/attention/policy/versions/2/" in html
    assert '<input type="hidden" name="shown" value="2-en">' in html
    assert re.findall(r'name="choice" value="(\w+)"', html) == ["off", "off", "visit", "remember"]
    assert "What you allowed rests" in html
    preferences = browser.get("/attention/preferences/").text
    assert "Please decide again" in preferences
    assert "within 180 days" in preferences
    assert " checked" not in preferences


def test_a_process_that_still_has_the_old_text_shows_the_new_one(
    browser: Client, site: Site
) -> None:
    accept(browser)
    stale = selectors.fresh_notice(site_id=site.pk)
    publish(site, is_material=True)
    selectors._notices[site.pk, "en"] = (time.monotonic() + 60, stale)
    request = request_of()
    request.COOKIES.update({name: each.value for name, each in browser.cookies.items()})
    request.visitor = read_visitor(request)  # type: ignore[attr-defined]
    permit(request.visitor, Purpose.ANALYTICS)  # type: ignore[attr-defined]
    text = "{% load attention_consent %}{% consent_banner %}"
    html = Template(text).render(Context({"request": request}))
    assert "New notice." in html
    assert "/attention/policy/versions/2/" in html


def test_a_smaller_change_is_told_until_it_is_put_away(browser: Client, site: Site) -> None:
    accept(browser)
    publish(site, is_material=False)
    assert "has changed. What you allowed stays as it is." in page(browser)
    assert 'name="choice" value="remember"' not in page(browser)

    response = browser.post("/attention/policy/seen/", {"next": "/shop/"})

    assert (response.status_code, response["Location"]) == (303, "/shop/")
    assert not response.cookies
    assert "attn-news" not in page(browser)
    assert Decision.objects.count() == 1
    publish(site, is_material=False, word=" More.")
    assert "attn-news" in page(browser)
    browser.post(CHOOSE, of_page(browser, {"choice": "remember"}))
    assert "attn-news" not in page(browser)
    assert ConsentState.objects.get().policy.number == 3  # type: ignore[union-attr]


@pytest.mark.parametrize("choice", ["", "off", "visit"])
def test_only_remembered_people_hear_of_a_smaller_change(
    browser: Client, site: Site, choice: str
) -> None:
    if choice:
        browser.post(CHOOSE, {"choice": choice})
    publish(site, is_material=False)
    assert "attn-news" not in page(browser)
    assert not browser.post("/attention/policy/seen/").cookies
    assert ("attn-notice" in page(browser)) is (choice == "")
    assert browser.get(STATE).json()["level"] == (choice or "undecided")


def test_a_no_is_asked_again_after_six_months_or_a_material_change_alone(
    browser: Client, site: Site
) -> None:
    publish(site, is_material=True)
    publish(site, is_material=False, word=" More.")
    month = timezone.now().replace(day=1)
    for months in range(9):
        for number in (1, 2, 3):
            browser.cookies["attention_choice"] = f"{number}-{month:%Y%m}"
            holds = number >= 2 and months <= 6
            level = browser.get(STATE).json()["level"]
            assert level == ("off" if holds else "undecided"), (number, months)
        month = (month - timedelta(days=1)).replace(day=1)


def test_an_accounts_no_holds_as_long_as_a_browsers(site: Site, django_user_model: type) -> None:
    user = django_user_model.objects.create_superuser("ann", password="secret")  # type: ignore[attr-defined]
    shopper = new_shopper(site, user)

    def level() -> str:
        browser = Client(headers=OWN)
        data = {"username": "ann", "password": "secret", "next": "/attention/preferences/"}
        assert browser.post("/admin/login/", data).status_code == 302
        return str(browser.get(STATE).json()["level"])

    services.refuse(request=request_of(shopper, user))
    assert level() == "off"
    ConsentState.objects.update(decided_at=timezone.now() - timedelta(days=220))
    assert level() == "undecided"
    ConsentState.objects.update(decided_at=timezone.now())
    assert level() == "off"
    publish(site, is_material=False)
    assert level() == "off"
    publish(site, is_material=True, word=" More.")
    assert level() == "undecided"
    rows = Decision.objects.count()
    services.refuse(request=request_of(shopper, user))
    assert level() == "off"
    assert Decision.objects.count() == rows


@pytest.mark.parametrize("choice", ["off", "visit"])
def test_off_and_a_visit_end_with_a_material_change(
    browser: Client, site: Site, choice: str
) -> None:
    browser.post(CHOOSE, {"choice": choice})
    publish(site, is_material=True)
    assert browser.get(STATE).json()["level"] == "undecided"
    assert 'value="remember"' in page(browser)


def test_a_page_costs_no_more_until_a_text_changed(browser: Client, site: Site) -> None:
    def reads() -> int:
        page(browser)
        with CaptureQueriesContext(connection) as queries:
            page(browser)
        return sum(each["sql"].startswith("SELECT") for each in queries)

    accept(browser)
    assert reads() == 0
    publish(site, is_material=False)
    assert reads() == 2
    browser.post("/attention/policy/seen/")
    assert reads() == 2
    publish(site, is_material=True, word=" More.")
    assert reads() == 2

"""A page kept by a cache for everybody is the same for everybody, and asks who is there."""

from __future__ import annotations

import re

import pytest
from django.contrib.sites.models import Site
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from consent.middleware import VisitorMiddleware
from consent.models import Shopper
from tests.consent.support import OWN, request_of
from tests.consent.test_pages import INLINE, render

pytestmark = pytest.mark.django_db

TAGS = "{% consent_banner %}{% privacy_control %}"
STATE = "/attention/consent/state/"


@pytest.fixture(autouse=True)
def _cached_pages(settings: Settings) -> None:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "CACHED_PAGES": True}


def test_the_page_is_the_same_for_everybody_and_hides_its_notice(
    site: Site, shopper: Shopper
) -> None:
    stranger, known = render(TAGS, request_of()), render(TAGS, request_of(shopper))

    assert stranger == known
    assert not INLINE.search(stranger)
    assert re.findall(r"<section [^>]*hidden data-attention-notice=\"(\w+)\"", stranger) == ["ask"]
    assert stranger.count('hidden data-attention-on="visit remember"') == 1
    assert stranger.count("<script") == stranger.count("stylesheet") == 1
    assert 'name="seen" value="undecided.0"' in stranger


def test_the_page_does_not_vary_by_cookie(site: Site, rf: object) -> None:
    request = request_of()
    del request.visitor  # type: ignore[attr-defined]
    page = VisitorMiddleware(lambda request: HttpResponse(render(TAGS, request)))(request)

    assert "Cookie" not in page.get("Vary", "")
    assert not page.cookies


def test_the_state_tells_what_to_show(browser: Client, site: Site) -> None:
    assert browser.get(STATE).json()["notice"] == "ask"
    for choice, notice in (("remember", "none"), ("off", "none"), ("visit", "none")):
        seen = browser.get(STATE).json()["seen"]
        browser.post("/attention/consent/", {"choice": choice, "seen": seen})
        state = browser.get(STATE)
        assert (state.json()["level"], state.json()["notice"]) == (choice, notice)
        assert state["Cache-Control"] == "private, no-store"


def test_an_accept_on_a_cached_page_of_somebody_who_said_no_is_asked_again(site: Site) -> None:
    browser = Client(headers=OWN)
    browser.post("/attention/consent/", {"choice": "off"})

    answer = browser.post("/attention/consent/", {"choice": "remember", "seen": "undecided.0"})

    assert answer["Location"] == "/attention/preferences/?changed"
    assert not Shopper.objects.exists()

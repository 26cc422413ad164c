"""Of a minor nothing is recorded, whatever is chosen, and nothing says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import Client

from consent import minors, services
from consent.gate import Refusal, RefusalReason, permit
from consent.minors import NoProfile
from consent.models import ChoiceCount, ConsentState, Decision, Shopper
from consent.purposes import OPTIONAL_PURPOSES, Purpose
from consent.visitor import read_visitor
from tests.consent.support import History, new_shopper, request_of

pytestmark = pytest.mark.django_db

Tell = Callable[[Any], None]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Have the host tell an age band: a value, or a function of the request."""
    monkeypatch.setattr(minors, "_asked", {})

    def told(band: Any) -> None:
        minors.register(band if callable(band) else lambda request: band)

    return told


def failing(request: HttpRequest) -> Any:
    raise RuntimeError("the host cannot tell")


def minor_accounts(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    return "minor" if user is not None and user.get_username() == "kid" else None


@pytest.mark.parametrize("purpose", sorted(OPTIONAL_PURPOSES))
@pytest.mark.parametrize("band", ["minor", failing], ids=["minor", "host fails"])
def test_the_gate_refuses_every_optional_purpose(
    site: Site, tell: Tell, purpose: Purpose, band: Any
) -> None:
    tell(band)
    request = request_of(new_shopper(site))
    answer = permit(request.visitor, purpose)  # type: ignore[attr-defined]
    assert answer == Refusal(purpose, RefusalReason.MINOR)


@pytest.mark.parametrize("band", ["adult", None])
def test_for_anybody_else_the_answer_changes_nothing(site: Site, tell: Tell, band: Any) -> None:
    tell(band)
    request = request_of(new_shopper(site))
    assert permit(request.visitor, Purpose.RECS_PERSONAL)  # type: ignore[attr-defined]


def test_a_minor_is_not_asked_and_cannot_be_remembered(
    browser: Client, site: Site, tell: Tell
) -> None:
    # Given a visitor whom the host knows to be a minor
    tell("minor")

    # Then no notice asks, and the preferences say why there is nothing to choose
    assert "attn-notice" not in browser.get("/").content.decode()
    page = browser.get("/attention/preferences/").content.decode()
    assert "because of your age" in page

    # And no way of saying yes does anything
    for choice in ("remember", "visit"):
        browser.post("/attention/consent/", {"choice": choice})
        browser.post("/attention/preferences/", {"action": "level", "choice": choice})
    browser.post("/attention/preferences/", {"action": "purposes", "purposes": ["analytics"]})
    assert dict(browser.cookies) == {}
    assert not Shopper.objects.exists()
    assert not Decision.objects.exists()
    assert not ChoiceCount.objects.exists()


def test_the_services_themselves_refuse(site: Site, tell: Tell) -> None:
    tell("minor")
    request = request_of()
    with pytest.raises(NoProfile):
        services.grant_remember(request=request)
    with pytest.raises(NoProfile):
        services.start_visit(request=request)
    assert not Shopper.objects.exists()


def test_a_remembered_person_who_turns_out_to_be_a_minor_is_erased(
    browser: Client, site: Site, tell: Tell, history: History
) -> None:
    # Given a remembered person
    browser.post("/attention/consent/", {"choice": "remember"})
    shopper = Shopper.objects.get()
    history.rows[shopper.pk] = 5

    # When the host tells that they are a minor
    tell("minor")
    browser.get("/")

    # Then everything is gone, from the browser too, and nothing says why
    assert history.rows[shopper.pk] == 0
    assert not Shopper.objects.exists()
    assert browser.cookies["attention_key"].value == ""
    last = Decision.objects.order_by("-sequence")[0]
    assert (last.kind, last.source, last.details) == ("erased", "account", {})


def test_a_host_that_fails_closes_the_gate_and_deletes_nothing(
    browser: Client, site: Site, tell: Tell, history: History
) -> None:
    browser.post("/attention/consent/", {"choice": "remember"})
    shopper = Shopper.objects.get()
    history.rows[shopper.pk] = 5
    tell(failing)
    assert browser.get("/").status_code == 200
    assert history.rows[shopper.pk] == 5
    assert ConsentState.objects.get().purposes
    tell(None)
    assert browser.get("/attention/consent/state/").json()["level"] == "remember"


def test_a_minors_login_forgets_account_and_browser(
    browser: Client, site: Site, tell: Tell, history: History
) -> None:
    # Given a minor's account with a history, and a browser with one of nobody
    kid = get_user_model().objects.create_superuser("kid", password="a long pass phrase")
    account = new_shopper(site, kid)
    browser.post("/attention/consent/", {"choice": "remember"})
    own = Shopper.objects.exclude(pk=account.pk).get()
    history.rows = {account.pk: 2, own.pk: 3}
    tell(minor_accounts)

    # When the minor logs in
    form = {"username": "kid", "password": "a long pass phrase", "next": "/attention/preferences/"}
    browser.post("/admin/login/", form)

    # Then neither is left, and neither is offered
    assert history.rows == {account.pk: 0, own.pk: 0}
    assert not Shopper.objects.exists()
    assert browser.cookies["attention_key"].value == ""
    assert "Is this your history?" not in browser.get("/attention/preferences/").content.decode()


def test_a_visitor_without_our_cookies_is_not_asked_about(site: Site, tell: Tell) -> None:
    asked: list[HttpRequest] = []
    tell(asked.append)
    read_visitor(request_of())
    assert asked == []

"""Global Privacy Control: read by the letter, shown, and overruled by a second yes alone."""

from __future__ import annotations

import pytest
from django.contrib.sites.models import Site
from django.test import Client
from pytest_django import Settings

from consent import services
from consent.gate import Refusal, RefusalReason, permit
from consent.models import ConsentState, Decision, Shopper
from consent.policies.services import publish_policy
from consent.purposes import BANNER_PURPOSES, GPC_BLOCKED, Purpose
from consent.visitor import gpc_of
from tests.consent.policy_support import page
from tests.consent.support import OWN, of_page, request_of

PREFERENCES = "/attention/preferences/"
ADS = {Purpose.ADS_PERSONAL, Purpose.ADS_MEASURE}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ads_are_offered(settings: Settings) -> None:
    offered = (*sorted(BANNER_PURPOSES), *sorted(ADS))
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "OFFERED_PURPOSES": offered}


@pytest.fixture
def signaling(site: Site) -> Client:
    """A browser that sends the signal and accepted the banner."""
    browser = Client(headers={**OWN, "Sec-GPC": "1"})
    browser.post("/attention/consent/", {"choice": "remember"})
    return browser


def switch(browser: Client, *purposes: Purpose, action: str = "purposes") -> str:
    form = of_page(browser, {"action": action, "purposes": sorted(purposes)})
    response = browser.post(PREFERENCES, form)
    assert response.status_code == 303
    return str(response["Location"])


def reason(shopper: Shopper, purpose: Purpose, *, gpc: bool) -> RefusalReason | None:
    request = request_of(shopper, **({"Sec-GPC": "1"} if gpc else {}))
    answer = permit(request.visitor, purpose)  # type: ignore[attr-defined]
    return answer.reason if isinstance(answer, Refusal) else None


@pytest.mark.parametrize(
    ("value", "signal"),
    [
        (None, False),
        ("1", True),
        ("0", False),
        ("true", False),
        ("1,1", True),
        ("1, 1", True),
        ("0,1", True),
        ("0, 1", True),
        ("1,0", True),
        ("", False),
        ("11", False),
        ('"1"', False),
        ("?1", False),
        ("1;a", False),
        ("01", False),
        ("１", False),
    ],
)
def test_the_signal_is_a_field_value_of_exactly_one(value: str | None, signal: bool) -> None:
    request = request_of()
    if value is not None:
        request.META["HTTP_SEC_GPC"] = value
    assert gpc_of(request) is signal


def test_the_support_resource_is_what_the_standard_says(client: Client) -> None:
    response = client.get("/.well-known/gpc.json")
    assert response["Content-Type"] == "application/json"
    assert response.json() == {"gpc": True, "lastUpdate": "2026-11-01"}
    assert not response.cookies


def test_banner_and_preferences_say_that_it_is_honored(site: Site) -> None:
    said = "Your browser sends Global Privacy Control. It is honored"
    for headers, shown in (({"Sec-GPC": "1"}, True), ({"Sec-GPC": "0"}, False), ({}, False)):
        response = Client(headers=headers).get("/")
        assert (said in response.text) is shown
        assert "Sec-GPC" in response["Vary"]
        assert (said in Client(headers=headers).get(PREFERENCES).text) is shown


def test_a_grant_under_the_signal_waits_for_a_second_yes(signaling: Client) -> None:
    wanted = BANNER_PURPOSES | {Purpose.ADS_PERSONAL}
    where = switch(signaling, *wanted)

    assert where == "/attention/preferences/?confirm=ads.personal"
    state = ConsentState.objects.get()
    assert (state.granted, state.confirmed) == (BANNER_PURPOSES, 0)
    assert Decision.objects.count() == 1
    html = signaling.get(where).text
    assert "Your browser says no to this" in html
    assert '<input type="hidden" name="purposes" value="ads.personal">' in html

    assert switch(signaling, Purpose.ADS_PERSONAL, action="confirm") == f"{PREFERENCES}?saved"
    state.refresh_from_db()
    shopper = Shopper.objects.get()
    row = Decision.objects.latest("sequence")
    assert (state.granted, state.confirmed) == (wanted, Purpose.ADS_PERSONAL.bit)
    assert (row.kind, row.gpc, row.source) == ("changed", True, "confirmation")
    assert row.details["confirmed"] == "ads.personal"
    assert reason(shopper, Purpose.ADS_PERSONAL, gpc=True) is None
    assert reason(shopper, Purpose.ADS_MEASURE, gpc=True) is RefusalReason.GPC
    assert "you confirmed it" in signaling.get(PREFERENCES).text


def test_saving_again_keeps_a_confirmed_purpose_without_asking(signaling: Client) -> None:
    switch(signaling, Purpose.ADS_PERSONAL, action="confirm")
    rows = Decision.objects.count()
    assert switch(signaling, *BANNER_PURPOSES, Purpose.ADS_PERSONAL) == f"{PREFERENCES}?saved"
    assert Decision.objects.count() == rows
    assert switch(signaling, *BANNER_PURPOSES) == f"{PREFERENCES}?saved"
    state = ConsentState.objects.get()
    assert (state.granted, state.confirmed) == (BANNER_PURPOSES, 0)
    assert "confirm=" in switch(signaling, *BANNER_PURPOSES, Purpose.ADS_PERSONAL)
    assert ConsentState.objects.get().granted == BANNER_PURPOSES


def test_a_signal_that_appears_later_switches_off_for_that_request(
    browser: Client, site: Site
) -> None:
    browser.post("/attention/consent/", {"choice": "remember"})
    switch(browser, *BANNER_PURPOSES, *ADS)
    shopper = Shopper.objects.get()
    assert reason(shopper, Purpose.ADS_MEASURE, gpc=False) is None
    assert reason(shopper, Purpose.ADS_MEASURE, gpc=True) is RefusalReason.GPC
    assert reason(shopper, Purpose.ANALYTICS, gpc=True) is None
    assert ConsentState.objects.get().granted == BANNER_PURPOSES | ADS

    later = Client(headers={**OWN, "Sec-GPC": "1"})
    later.cookies = browser.cookies
    html = later.get(PREFERENCES).text
    assert 'value="ads.measure">' in html
    assert 'value="analytics" checked>' in html
    assert "confirm=ads.measure" in switch(later, *BANNER_PURPOSES, Purpose.ADS_MEASURE)
    assert ConsentState.objects.get().granted == BANNER_PURPOSES | {Purpose.ADS_MEASURE}
    switch(later, Purpose.ADS_MEASURE, action="confirm")
    assert reason(shopper, Purpose.ADS_MEASURE, gpc=True) is None


def test_accept_never_grants_more_under_the_signal(site: Site) -> None:
    shopper = services.grant_remember(
        request=request_of(**{"Sec-GPC": "1"}), purposes=BANNER_PURPOSES | GPC_BLOCKED
    )
    assert ConsentState.objects.get(pk=shopper.pk).granted == BANNER_PURPOSES


def test_a_material_change_asks_for_the_second_yes_again(signaling: Client, site: Site) -> None:
    switch(signaling, Purpose.ADS_PERSONAL, action="confirm")
    text = {"en": {"title": "t", "notice": "n", "body": "b"}}
    publish_policy(site=site, texts=text, is_material=True)
    assert "This text has changed" in page(signaling)
    signaling.post("/attention/consent/", of_page(signaling, {"choice": "remember"}))
    state = ConsentState.objects.get()
    assert (state.granted, state.confirmed, state.suspended) == (BANNER_PURPOSES, 0, 0)


def test_a_confirmation_of_what_is_not_offered_is_refused(signaling: Client) -> None:
    form = {"action": "confirm", "purposes": "model.share"}
    assert signaling.post(PREFERENCES, form).status_code == 400
    assert ConsentState.objects.get().granted == BANNER_PURPOSES

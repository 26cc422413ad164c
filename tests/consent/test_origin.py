from __future__ import annotations

import pytest
from django.contrib.sites.models import Site
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from pytest_django import Settings

from consent.models import ChoiceCount, Shopper
from consent.origin import same_origin

OWN = "http://testserver"
CASES: list[tuple[dict[str, str], bool]] = [
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "none"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
    ({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, False),
    ({"Sec-Fetch-Site": "same-site", "Origin": OWN}, False),
    ({"Sec-Fetch-Site": "", "Origin": OWN}, False),
    ({"Origin": OWN}, True),
    ({"Origin": "HTTP://TESTSERVER"}, True),
    ({"Origin": "https://testserver"}, False),
    ({"Origin": "http://testserver:81"}, False),
    ({"Origin": "http://testserver.evil.test"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": "null", "Referer": OWN + "/x"}, False),
    ({"Origin": ""}, False),
    ({"Referer": OWN + "/a?b"}, True),
    ({"Referer": "http://evil.test/" + OWN}, False),
    ({"Referer": "http://[bad"}, False),
    ({"Referer": "/relative"}, False),
    ({}, False),
]


@pytest.mark.parametrize(("headers", "expected"), CASES)
def test_only_the_shops_own_pages_pass(headers: dict[str, str], expected: bool) -> None:
    assert same_origin(RequestFactory().post("/", headers=headers)) is expected


def test_a_trusted_origin_passes(settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://app.test"]
    post = RequestFactory().post
    trusted = {"Origin": "https://app.test", "Sec-Fetch-Site": "cross-site"}
    assert same_origin(post("/", headers=trusted))
    assert same_origin(post("/", headers={"Origin": "https://app.test"}))


def test_a_forged_host_never_passes(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    request = RequestFactory().post(
        "/", headers={"Origin": "http://evil.test", "Host": "evil.test"}
    )
    assert not same_origin(request)


@pytest.mark.parametrize(
    "path", ["/attention/consent/", "/attention/preferences/", "/attention/rights/erase/"]
)
def test_a_form_from_elsewhere_changes_nothing(site: Site, path: str) -> None:
    elsewhere = Client(headers={"Origin": "http://evil.test"})
    response = elsewhere.post(path, {"choice": "remember"})
    assert response.status_code == 403
    assert not response.cookies
    assert not Shopper.objects.exists()
    assert not ChoiceCount.objects.exists()


def test_no_form_needs_or_sets_a_csrf_token(site: Site) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"Origin": OWN})
    assert "csrftoken" not in strict.get("/attention/preferences/").cookies
    for path in ("/attention/consent/", "/attention/preferences/", "/attention/rights/erase/"):
        assert strict.post(path, {"choice": "visit"}).status_code == 303


WRITING = [
    *("choose", "preferences", "gift", "policy_seen"),
    *("restrict", "lift", "stop", "erase", "correct", "guest_ask", "guest_act"),
]


@pytest.mark.parametrize("name", WRITING)
def test_views_that_write_run_outside_the_hosts_transaction(name: str) -> None:
    view = resolve(reverse(f"attention_consent:{name}")).func
    assert view._non_atomic_requests == {"default"}  # type: ignore[attr-defined]
    assert view.csrf_exempt is True  # type: ignore[attr-defined]

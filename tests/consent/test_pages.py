"""The notice, the preferences, the rights, and what a hostile client sends them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.template import Context, Template
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from consent import services
from consent.models import ChoiceCount, ConsentState, Decision, Shopper
from consent.policies.selectors import current_notice
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.visitor import gpc_of
from tests.consent.support import OWN, History, of_page, request_of

ORACLE = Path(__file__).parents[3] / "shared" / "oracles" / "gpc.json"
PAGES = ["/attention/preferences/", "/attention/policy/", "/attention/rights/"]
INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)

pytestmark = pytest.mark.django_db


def render(text: str, request: Any) -> str:
    template = Template("{% load attention_consent %}" + text)
    return template.render(Context({"request": request}))


def test_the_notice_offers_three_equal_answers(site: Site) -> None:
    html = render("{% consent_banner %}", request_of())
    buttons = re.findall(
        r'<button class="attn-choice" type="submit" name="choice" value="(\w+)">', html
    )
    assert buttons == ["off", "visit", "remember"]
    assert html.count("<button") == 3
    assert current_notice(site_id=1).notice in html
    assert not INLINE.search(html)
    assert "csrf" not in html
    assert html.count("stylesheet") == 1


@pytest.mark.parametrize("choice", ["off", "visit", "remember"])
def test_who_decided_sees_no_notice(browser: Client, site: Site, choice: str) -> None:
    browser.post("/attention/consent/", {"choice": choice})
    request = request_of()
    request.COOKIES.update({name: each.value for name, each in browser.cookies.items()})
    del request.visitor  # type: ignore[attr-defined]
    assert render("{% consent_banner %}", request) == ""
    control = render("{% privacy_control %}", request)
    assert "/attention/preferences/" in control
    assert ('value="off"' in control) is (choice != "off")


def test_a_broken_notice_never_breaks_the_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**kwargs: Any) -> Any:
        return Shopper.objects.get(pk="00000000-0000-0000-0000-000000000000")

    monkeypatch.setattr("consent.templatetags.attention_consent.current_notice", broken)
    assert render("before{% consent_banner %}after", request_of()) == "beforeafter"
    assert Site.objects.count() == 1


def test_the_notice_costs_no_query_once_known(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    current_notice(site_id=1)
    with django_assert_num_queries(0):
        render("{% consent_banner %}{% privacy_control %}", request_of())


def test_class_names_are_neutral(browser: Client, site: Site) -> None:
    html = render("{% consent_banner %}{% privacy_control %}", request_of())
    html += "".join(browser.get(path).content.decode() for path in PAGES)
    names = {name for group in re.findall(r'class="([^"]*)"', html) for name in group.split()}
    ours = {name for name in names if name.startswith("attn-")}
    assert ours
    assert not [name for name in ours if re.search(r"cookie|consent|banner|gdpr|\bads?\b", name)]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_private_and_free_of_inline_code(browser: Client, site: Site, path: str) -> None:
    for choice in (None, "visit", "remember", "off"):
        if choice:
            browser.post("/attention/consent/", {"choice": choice})
        response = browser.get(path)
        html = response.content.decode()
        assert response.status_code == 200
        assert not INLINE.search(html.split("<main", 1)[1])
        if path != "/attention/policy/":
            assert response["Cache-Control"] == "private, no-store"


def test_switches_withdraw_and_grant_single_purposes(
    browser: Client, site: Site, history: History
) -> None:
    browser.post("/attention/consent/", {"choice": "remember"})
    shopper = Shopper.objects.get()
    history.rows[shopper.pk] = 9
    form = {"action": "purposes", "purposes": ["analytics", "recs.personal"]}
    response = browser.post("/attention/preferences/", of_page(browser, form))
    assert response["Location"] == "/attention/preferences/?saved"
    state = ConsentState.objects.get(pk=shopper.pk)
    assert state.granted == {Purpose.ANALYTICS, Purpose.RECS_PERSONAL}
    assert (state.generation, history.rows[shopper.pk]) == (2, 9)
    fewer = {**form, "purposes": ["recs.personal"]}
    browser.post("/attention/preferences/", of_page(browser, fewer))
    assert history.rows[shopper.pk] == 0
    more = {**form, "purposes": sorted(BANNER_PURPOSES)}
    browser.post("/attention/preferences/", of_page(browser, more))
    state.refresh_from_db()
    assert state.granted == BANNER_PURPOSES
    assert state.generation == 3
    kinds = [row.kind for row in Decision.objects.all()]
    assert kinds == ["granted", "withdrawn", "withdrawn", "changed"]


def test_no_switch_left_is_off(browser: Client, site: Site) -> None:
    browser.post("/attention/consent/", {"choice": "remember"})
    browser.post("/attention/preferences/", {"action": "purposes"})
    assert not Shopper.objects.exists()
    assert browser.get("/attention/consent/state/").json()["level"] == "off"


def test_everything_held_is_shown_exported_and_erased(
    browser: Client, site: Site, history: History
) -> None:
    browser.post("/attention/consent/", {"choice": "remember"})
    shopper = Shopper.objects.get()
    neighbor = services.grant_remember(request=request_of())
    history.rows.update({shopper.pk: 3, neighbor.pk: 2})
    page = browser.get("/attention/rights/").content.decode()
    assert "What you looked at" in page
    response = browser.get("/attention/rights/export/")
    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert response["Cache-Control"] == "private, no-store"
    exported = {each["label"]: each for each in response.json()["holdings"]}
    assert exported["test.history"]["rows"] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert exported["shopper"]["rows"][0]["purposes"] == sorted(BANNER_PURPOSES)
    assert [row["kind"] for row in exported["decisions"]["rows"]] == ["granted"]

    response = browser.post("/attention/rights/erase/")
    assert response["Location"].startswith("/attention/rights/?done=erase&reference=")
    assert not Shopper.objects.filter(pk=shopper.pk).exists()
    assert history.rows == {shopper.pk: 0, neighbor.pk: 2}
    assert Shopper.objects.filter(pk=neighbor.pk).exists()
    assert browser.get("/attention/rights/export/").json()["holdings"] == []
    assert "Deleted" in browser.get("/attention/rights/?done=erase").content.decode()
    assert str(shopper.pk) not in json.dumps(
        list(Decision.objects.values("subject", "details", "actor"))
    )


def test_erasing_with_nothing_held_is_calm(browser: Client, site: Site) -> None:
    assert browser.post("/attention/rights/erase/").status_code == 303
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "//evil.test",
        "https://evil.test/",
        "/\\evil.test",
        "javascript:alert(1)",
        "",
        "x",
        "/\r\nX: y",
    ],
)
def test_next_never_leads_elsewhere(browser: Client, site: Site, url: str) -> None:
    response = browser.post("/attention/consent/", {"choice": "off", "next": url})
    assert response["Location"] == "/attention/preferences/"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"off"',
        b'{"choice": []}',
        b'{"choice": "all"}',
        b'{"choice": null}',
        b"\xff\xfe",
        b'{"choice": {"a": 1}}',
        b'{"choice": "off\\u0000"}',
    ],
)
def test_json_that_is_no_choice_is_a_clear_400(browser: Client, site: Site, body: bytes) -> None:
    response = browser.post("/attention/consent/", body, content_type="application/json")
    assert response.status_code == 400
    assert not response.cookies
    assert not ChoiceCount.objects.exists()


def test_a_json_choice_answers_the_state(browser: Client, site: Site) -> None:
    response = browser.post(
        "/attention/consent/", {"choice": "remember"}, content_type="application/json"
    )
    assert response.status_code == 200
    assert response.json()["level"] == "remember"
    assert Decision.objects.get().source == "api"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/attention/consent/", {"choice": "all"}),
        ("/attention/consent/", {}),
        ("/attention/preferences/", {"choice": "all"}),
        ("/attention/preferences/", {"action": "purposes", "purposes": "ads.personal"}),
        ("/attention/preferences/", {"action": "purposes", "purposes": "necessary"}),
        ("/attention/preferences/", {"action": "nonsense"}),
    ],
)
def test_a_form_that_is_no_choice_is_a_clear_400(
    browser: Client, site: Site, path: str, form: dict[str, str]
) -> None:
    response = browser.post(path, form)
    assert response.status_code == 400
    assert not response.cookies
    assert not Shopper.objects.exists()


def test_a_large_body_is_refused(browser: Client, site: Site) -> None:
    body = json.dumps({"choice": "off", "next": "x" * 10_000_000})
    response = browser.post("/attention/consent/", body, content_type="application/json")
    assert response.status_code == 413
    response = browser.post("/attention/consent/", {"choice": "off", "next": "x" * 3_000_000})
    assert response.status_code == 413
    assert not ChoiceCount.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/attention/consent/"),
        ("post", "/attention/consent/state/"),
        ("get", "/attention/rights/erase/"),
        ("post", "/attention/rights/export/"),
        ("put", "/attention/preferences/"),
        ("delete", "/attention/consent/"),
    ],
)
def test_other_methods_are_405(browser: Client, site: Site, method: str, path: str) -> None:
    assert getattr(browser, method)(path).status_code == 405


def test_gpc_is_read_by_the_letter() -> None:
    if not ORACLE.exists():
        pytest.skip(f"{ORACLE} is not here: the oracle lies beside the repository")
    oracle = json.loads(ORACLE.read_text())
    for case in oracle["cases"]:
        # A WSGI server joins repeated fields with a comma (RFC 9110, section 5.2).
        for joined in (",".join(case["headers"]), ", ".join(case["headers"])):
            headers = {"Sec-GPC": joined} if case["headers"] else {}
            assert gpc_of(request_of(**headers)) is case["signal"], case
    resource = oracle["support_resource"]
    response = Client().get(resource["path"])
    assert response["Content-Type"] == resource["type"]
    body = response.json()
    assert body.keys() == resource["body"].keys()
    assert body["gpc"] is True
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", body["lastUpdate"])


def test_gpc_is_shown_as_honored(site: Site) -> None:
    browser = Client(headers={**OWN, "Sec-GPC": "1"})
    assert "Global Privacy Control" in browser.get("/attention/preferences/").content.decode()
    assert browser.get("/attention/consent/state/").json()["gpc"] is True


def test_endpoints_are_documented() -> None:
    from drf_spectacular.generators import SchemaGenerator

    paths = SchemaGenerator().get_schema(public=True)["paths"]
    assert {"/attention/consent/", "/attention/consent/state/", "/attention/rights/export/"} <= set(
        paths
    )
    answers = paths["/attention/consent/"]["post"]["responses"]
    assert set(answers) == {"200", "303", "400", "403", "409", "429"}

"""A changed text: what rests, who is asked again, who only hears of it."""

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
from django.utils import timezone, translation
from pytest_django import Settings

from consent import services
from consent.circumstances import circumstances_of
from consent.decisions import grant
from consent.gate import Permit, Refusal, RefusalReason, lock_permits, permit, permit_shopper
from consent.imports import import_decision
from consent.models import ConsentState, Decision, Erasure, PolicyVersion, Shopper
from consent.policies import selectors
from consent.policies.fence import PolicyOutdated
from consent.policies.selectors import current_policy
from consent.policies.services import PolicyUnchanged, publish_policy
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.retention.run import apply_retention
from consent.visitor import read_visitor
from tests.consent.support import OWN, History, new_shopper, of_page, request_of

CHOOSE, STATE = "/attention/consent/", "/attention/consent/state/"
TEXTS = {
    "en": {"title": "New title", "notice": "New notice.", "body": "New body."},
    "zh-hans": {"title": "新标题", "notice": "新通知。", "body": "新正文。"},
}

pytestmark = pytest.mark.django_db


def publish(site: Site, *, is_material: bool, word: str = "") -> PolicyVersion:
    texts = {language: {**text, "body": text["body"] + word} for language, text in TEXTS.items()}
    return publish_policy(site=site, texts=texts, is_material=is_material)[0]


def accept(browser: Client) -> Shopper:
    assert browser.post(CHOOSE, {"choice": "remember"}).status_code == 303
    return Shopper.objects.latest("created_at")


def page(browser: Client) -> str:
    """What the tags put on a page of this browser."""
    request = request_of()
    request.COOKIES.update({name: each.value for name, each in browser.cookies.items()})
    del request.visitor  # type: ignore[attr-defined]
    text = "{% load attention_consent %}{% privacy_control %}{% consent_banner %}"
    return Template(text).render(Context({"request": request}))


def refusals(shopper: Shopper) -> set[RefusalReason | None]:
    answers = [permit_shopper(shopper.pk, purpose) for purpose in BANNER_PURPOSES]
    return {answer.reason if isinstance(answer, Refusal) else None for answer in answers}


def test_a_material_change_lets_everything_rest(site: Site, shopper: Shopper) -> None:
    neighbor = new_shopper(Site.objects.create(domain="other.test", name="other"))
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    rows = Decision.objects.count()

    publish(site, is_material=True)

    state = ConsentState.objects.get(pk=shopper.pk)
    assert (state.purposes, state.generation) == (0, 3)
    assert state.resting == {Purpose.ANALYTICS, Purpose.RECS_PERSONAL}
    assert permit_shopper(shopper.pk, Purpose.ANALYTICS).reason is RefusalReason.POLICY  # type: ignore[union-attr]
    assert permit_shopper(shopper.pk, Purpose.MODEL_TRAIN).reason is RefusalReason.REFUSED  # type: ignore[union-attr]
    assert permit_shopper(shopper.pk, Purpose.NECESSARY)
    locked = lock_permits([shopper.pk, neighbor.pk], Purpose.ANALYTICS)
    assert [bool(locked[each.pk]) for each in (shopper, neighbor)] == [False, True]
    assert not Erasure.objects.filter(shopper=shopper.pk, requested_at__gt=state.suspended_at)
    assert Decision.objects.count() == rows


def test_another_change_lets_everything_be(site: Site, shopper: Shopper) -> None:
    publish(site, is_material=False)
    assert refusals(shopper) == {None}
    assert ConsentState.objects.get(pk=shopper.pk).generation == 1


def test_imported_decisions_rest_on_no_text_of_the_shop(site: Site) -> None:
    imported = import_decision(
        site=site,
        purposes=BANNER_PURPOSES,
        importer="x",
        legal_basis="contract",
        evidence_hash="0" * 64,
    )
    publish(site, is_material=True)
    assert refusals(imported) == {None}


def test_who_accepts_the_new_text_goes_on_with_the_same_history(
    browser: Client, site: Site, history: History
) -> None:
    shopper = accept(browser)
    history.rows[shopper.pk] = 7
    version = publish(site, is_material=True)
    assert browser.get(STATE).json()["level"] == "undecided"
    assert browser.get(STATE).json()["resting"] == sorted(BANNER_PURPOSES)
    assert refusals(shopper) == {RefusalReason.POLICY}

    response = browser.post(CHOOSE, of_page(browser, {"choice": "remember", "shown": "2-en"}))

    assert response.status_code == 303
    state = ConsentState.objects.get()
    assert (state.shopper_id, state.granted, state.resting) == (shopper.pk, BANNER_PURPOSES, set())
    assert (state.policy_id, state.generation, state.suspended_at) == (version.pk, 3, None)
    assert history.rows[shopper.pk] == 7
    assert [row.policy for row in Decision.objects.all()][-1] == version.hash
    assert Decision.objects.latest("sequence").language == "en"
    assert refusals(shopper) == {None}
    assert "attn-notice" not in page(browser)


@pytest.mark.parametrize("choice", ["off", "visit"])
def test_who_refuses_the_new_text_is_deleted_as_usual(
    browser: Client, site: Site, history: History, choice: str
) -> None:
    shopper = accept(browser)
    history.rows[shopper.pk] = 7
    publish(site, is_material=True)

    browser.post(CHOOSE, of_page(browser, {"choice": choice}))

    assert history.rows[shopper.pk] == 0
    assert not Shopper.objects.exists()
    assert [row.kind for row in Decision.objects.all()] == ["granted", "withdrawn"]
    assert browser.get(STATE).json()["level"] == choice


def test_what_is_not_allowed_anew_ends(browser: Client, site: Site, history: History) -> None:
    shopper = accept(browser)
    history.rows[shopper.pk] = 7
    publish(site, is_material=True)
    form = {"action": "purposes", "purposes": ["recs.personal"]}

    browser.post("/attention/preferences/", of_page(browser, form))

    state = ConsentState.objects.get(pk=shopper.pk)
    assert (state.granted, state.resting) == ({Purpose.RECS_PERSONAL}, set())
    assert history.rows[shopper.pk] == 0
    kinds = [row.kind for row in Decision.objects.all()]
    assert kinds == ["granted", "withdrawn", "changed"]


def test_nothing_is_granted_on_a_text_that_was_replaced(
    browser: Client, site: Site, history: History
) -> None:
    old = current_policy(site_id=site.pk)
    shopper = accept(browser)
    history.rows[shopper.pk] = 7
    publish(site, is_material=True)
    stranger = Client(headers=OWN)
    rows = Decision.objects.count()

    for choice in ("remember", "visit"):
        for each in (browser, stranger):
            form = of_page(each, {"choice": choice, "shown": "1-en"})
            response = each.post(CHOOSE, form)
            assert response["Location"] == "/attention/preferences/?outdated"
            assert not response.cookies
            answer = each.post(CHOOSE, form, content_type="application/json")
            assert answer.status_code == 409
    form = {"action": "purposes", "purposes": ["analytics"], "shown": "1-en"}
    assert browser.post("/attention/preferences/", of_page(browser, form)).status_code == 409
    with pytest.raises(PolicyOutdated):
        grant(
            shopper_id=shopper.pk,
            purposes=BANNER_PURPOSES,
            policy=old,
            how=circumstances_of(request_of(), "test"),
        )

    assert Decision.objects.count() == rows
    assert refusals(shopper) == {RefusalReason.POLICY}
    assert history.rows[shopper.pk] == 7
    assert Shopper.objects.count() == 1
    assert "has changed since you opened" in stranger.get("/attention/preferences/?outdated").text


def test_a_no_counts_whatever_text_it_was_given_on(browser: Client, site: Site) -> None:
    publish(site, is_material=True)
    response = browser.post(CHOOSE, {"choice": "off", "shown": "1-en"})
    assert response.cookies["attention_choice"].value == f"2-{timezone.now():%Y%m}"
    assert browser.get(STATE).json()["level"] == "off"


def test_the_text_shown_is_the_one_recorded(browser: Client, site: Site) -> None:
    publish(site, is_material=False)
    browser.post(CHOOSE, {"choice": "remember", "shown": "1-zh-hans"})
    row = Decision.objects.get()
    shown = PolicyVersion.objects.get(number=1, language="zh-hans")
    assert (row.policy, row.language) == (shown.hash, "zh-hans")


@pytest.mark.parametrize("shown", ["9-en", "1-fr", "1", "en", "0-en", "x" * 40, "1-en\x00", "-"])
def test_a_text_that_never_was_is_a_clear_400(browser: Client, site: Site, shown: str) -> None:
    response = browser.post(CHOOSE, {"choice": "remember", "shown": shown})
    assert response.status_code == 400
    assert not Shopper.objects.exists()


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


@pytest.mark.parametrize("choice", ["off", "visit"])
def test_off_and_a_visit_end_with_a_material_change(
    browser: Client, site: Site, choice: str
) -> None:
    browser.post(CHOOSE, {"choice": choice})
    publish(site, is_material=True)
    assert browser.get(STATE).json()["level"] == "undecided"
    assert 'value="remember"' in page(browser)


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


def test_an_account_that_rests_is_neither_off_nor_on_at_login(
    browser: Client, site: Site, django_user_model: type
) -> None:
    user = django_user_model.objects.create_user("ann", password="secret")  # type: ignore[attr-defined]
    shopper = new_shopper(site, user)
    publish(site, is_material=True)
    assert browser.login(username="ann", password="secret")
    assert "attention_choice" not in browser.cookies
    assert browser.get(STATE).json()["level"] == "undecided"
    assert Shopper.objects.get().pk == shopper.pk


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


def test_who_never_answers_is_erased(site: Site, settings: Settings, history: History) -> None:
    old, answered = new_shopper(site), new_shopper(site)
    history.rows = {old.pk: 3, answered.pk: 2}
    publish(site, is_material=True)
    services.grant_remember(request=request_of(answered))
    apply_retention()
    assert not ConsentState.objects.get(pk=old.pk).is_closed
    ConsentState.objects.filter(suspended__gt=0).update(
        suspended_at=timezone.now() - timedelta(days=181)
    )
    apply_retention()
    state = ConsentState.objects.get(pk=old.pk)
    assert (state.is_closed, state.suspended_at) == (True, None)
    assert ConsentState.objects.get(pk=answered.pk).granted == BANNER_PURPOSES
    assert Decision.objects.latest("sequence").kind == "erased"


def test_a_second_material_change_keeps_what_rests_resting(site: Site, shopper: Shopper) -> None:
    publish(site, is_material=True)
    first = ConsentState.objects.get().suspended_at
    publish(site, is_material=True, word=" More.")
    state = ConsentState.objects.get()
    assert (state.resting, state.suspended_at) == (BANNER_PURPOSES, first)


def test_the_same_texts_are_not_published_twice(site: Site) -> None:
    publish(site, is_material=False)
    with pytest.raises(PolicyUnchanged):
        publish(site, is_material=False)
    assert PolicyVersion.objects.latest("number").number == 2
    publish(site, is_material=True)
    assert PolicyVersion.objects.latest("number").number == 3


def test_default_texts_are_there_in_both_languages(browser: Client, site: Site) -> None:
    assert set(PolicyVersion.objects.values_list("number", "language")) == {
        (1, "en"),
        (1, "zh-hans"),
    }
    with translation.override("zh-hans"):
        assert "本店" in page(Client(headers=OWN))
    html = browser.get("/attention/policy/", headers={"Accept-Language": "zh-CN"}).text
    assert "除非您同意" in html
    assert '<article class="attn-page" lang="zh-hans">' in html


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


def test_permits_of_a_new_person_start_at_once(site: Site) -> None:
    publish(site, is_material=True)
    shopper = services.grant_remember(request=request_of())
    assert isinstance(permit_shopper(shopper.pk, Purpose.ANALYTICS), Permit)

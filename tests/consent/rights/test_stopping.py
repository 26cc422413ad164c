"""Keep but do not use, stop, stop and delete: what each does, and what it leaves."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.core import mail
from django.template import Context, Template
from django.test import Client
from pytest_django import Settings

from consent import services
from consent.gate import permit_shopper
from consent.ledger.verify import verify
from consent.models import ConsentState, DataRequest, Decision, Erasure, Shopper
from consent.policies.services import publish_policy
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.retention.run import apply_retention
from consent.tasks import finish_due_erasures, follow_requests
from consent.visitor import read_visitor
from tests.consent.support import History, request_of

pytestmark = pytest.mark.django_db
PAGE = "/attention/rights/"


def accept(browser: Client) -> Shopper:
    browser.post("/attention/consent/", {"choice": "remember"})
    return Shopper.objects.order_by("-created_at")[0]


def seen_on(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def banner(browser: Client) -> str:
    request = request_of()
    request.COOKIES.update({name: each.value for name, each in browser.cookies.items()})
    request.visitor = read_visitor(request)  # type: ignore[attr-defined]
    template = Template("{% load attention_consent %}{% consent_banner %}")
    return template.render(Context({"request": request}))


def test_restricting_keeps_everything_and_uses_nothing(
    browser: Client, site: Site, history: History
) -> None:
    # Given a remembered person with a history
    shopper = accept(browser)
    history.rows[shopper.pk] = 5

    # When they ask to keep it and not to use it
    response = browser.post(f"{PAGE}restrict/")

    # Then no gate opens, nothing was deleted, the ledger says so, and nobody is asked again
    assert response["Location"].startswith("/attention/rights/?done=restrict")
    state = ConsentState.objects.get(pk=shopper.pk)
    assert (state.granted, state.resting, state.generation) == (frozenset(), BANNER_PURPOSES, 2)
    assert state.is_restricted
    assert not any(permit_shopper(shopper.pk, purpose) for purpose in BANNER_PURPOSES)
    assert history.rows[shopper.pk] == 5
    assert not Erasure.objects.exists()
    row = Decision.objects.order_by("sequence").last()
    assert row is not None
    assert (row.kind, row.purposes, row.details["restricted"]) == (
        "changed",
        "",
        "analytics model.train recs.personal",
    )
    assert verify()
    assert banner(browser) == ""
    asked = DataRequest.objects.get()
    assert (asked.kind, asked.state, asked.shopper_id) == ("restrict", "done", shopper.pk)


def test_the_preferences_do_not_blame_a_changed_text_for_it(browser: Client, site: Site) -> None:
    accept(browser)
    browser.post(f"{PAGE}restrict/")

    page = browser.get("/attention/preferences/").content.decode()

    assert "as you asked" in page
    assert "The text has changed" not in page


def test_deciding_anew_ends_a_restriction(browser: Client, site: Site, history: History) -> None:
    # Given a restricted person with a history
    shopper = accept(browser)
    history.rows[shopper.pk] = 2
    browser.post(f"{PAGE}restrict/")

    # When they accept again
    page = browser.get("/attention/preferences/").content.decode()
    form = {"action": "level", "choice": "remember", "seen": seen_on(page)}
    browser.post("/attention/preferences/", form)

    # Then it is in force again, on the history that was kept
    state = ConsentState.objects.get(pk=shopper.pk)
    assert (state.granted, state.suspended) == (BANNER_PURPOSES, 0)
    assert history.rows[shopper.pk] == 2


def test_a_restriction_is_lifted_by_the_person_alone(browser: Client, site: Site) -> None:
    shopper = accept(browser)
    stale = browser.get("/attention/preferences/").content.decode()
    browser.post(f"{PAGE}restrict/")
    browser.post(f"{PAGE}lift/", {"seen": seen_on(stale)})
    assert ConsentState.objects.get(pk=shopper.pk).is_restricted

    page = browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}lift/", {"seen": seen_on(page)})

    state = ConsentState.objects.get(pk=shopper.pk)
    assert (state.granted, state.resting) == (BANNER_PURPOSES, frozenset())
    assert permit_shopper(shopper.pk, Purpose.ANALYTICS)
    assert [row.purposes for row in Decision.objects.order_by("sequence")] == [
        "analytics model.train recs.personal",
        "",
        "analytics model.train recs.personal",
    ]


def test_a_restriction_outlasts_a_material_change_of_the_text(browser: Client, site: Site) -> None:
    # Given a restricted person and then a materially changed text
    shopper = accept(browser)
    browser.post(f"{PAGE}restrict/")
    text = {"title": "t", "notice": "n", "body": "b"}
    publish_policy(site=site, texts={"en": text}, is_material=True)

    # When the restriction is lifted
    browser.post(f"{PAGE}lift/", {"seen": seen_on(browser.get(PAGE).content.decode())})

    # Then what was allowed on the old text is not in force: it waits for a new decision
    state = ConsentState.objects.get(pk=shopper.pk)
    assert (state.granted, state.resting) == (frozenset(), BANNER_PURPOSES)
    assert not state.is_restricted
    assert state.suspended_at is not None


def test_a_restriction_is_no_suspension_that_retention_ends(browser: Client, site: Site) -> None:
    shopper = accept(browser)
    browser.post(f"{PAGE}restrict/")

    apply_retention()

    assert ConsentState.objects.get(pk=shopper.pk).is_restricted


def test_restricting_nothing_says_so_and_records_nothing(browser: Client, site: Site) -> None:
    browser.post(f"{PAGE}restrict/")
    browser.post(f"{PAGE}lift/", {"seen": "undecided.0"})

    assert not DataRequest.objects.exists()
    assert not Decision.objects.exists()


def test_stopping_deletes_what_was_recorded_and_leaves_the_account(
    signed_in: Client, account: User, site: Site, history: History
) -> None:
    # Given an account with a history
    shopper = accept(signed_in)
    history.rows[shopper.pk] = 4

    response = signed_in.post(f"{PAGE}stop/")

    # Then nothing is used, the history is gone, and the no stays with the account
    assert "done=stop" in response["Location"]
    assert history.rows[shopper.pk] == 0
    assert ConsentState.objects.get(pk=shopper.pk).is_closed
    assert User.objects.filter(pk=account.pk).exists()
    asked = DataRequest.objects.get()
    assert (asked.kind, asked.state, asked.outcome) == ("object", "done", {"rows": 4})
    assert signed_in.get("/attention/consent/state/").json()["level"] == "off"


def test_deleting_gives_a_proof_and_ends_other_requests(
    browser: Client, site: Site, history: History
) -> None:
    shopper = accept(browser)
    history.rows[shopper.pk] = 2
    browser.post(f"{PAGE}correct/", {"detail": "My name is wrong.", "mail": "me@example.com"})

    response = browser.post(f"{PAGE}erase/")

    assert not Shopper.objects.exists()
    assert history.rows[shopper.pk] == 0
    page = browser.get(response["Location"]).content.decode()
    assert "Your signed proof" in page
    proof = page.split('href="/attention/proofs/')[1].split('"')[0]
    assert browser.get(f"/attention/proofs/{proof}").status_code == 200
    correction = DataRequest.objects.get(kind="correct")
    assert (correction.state, correction.detail, correction.mail) == ("done", "", "")
    erased = DataRequest.objects.get(kind="erase")
    assert (erased.state, erased.outcome, erased.shopper_id) == ("done", {"rows": 2}, None)


def test_a_long_deletion_is_answered_when_it_is_over(
    signed_in: Client,
    account: User,
    site: Site,
    history: History,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    commit: Any,
) -> None:
    # Given a history longer than one request deletes
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "ERASE_ROWS": 3}
    shopper = accept(signed_in)
    history.rows[shopper.pk] = 10
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda task, *args: None)

    # When everything is to be deleted
    with commit():
        signed_in.post(f"{PAGE}erase/")

    # Then the request runs on, and is answered by mail when the deletion has ended
    asked = DataRequest.objects.get()
    assert (asked.state, asked.completed_at, mail.outbox) == ("running", None, [])
    follow_requests()
    assert DataRequest.objects.get().state == "running"
    finish_due_erasures()
    follow_requests()
    asked.refresh_from_db()
    assert (asked.state, asked.outcome["rows"], asked.mail) == ("done", 10, "")
    assert [each.to for each in mail.outbox] == [["ann@example.com"]]
    assert asked.reference in mail.outbox[0].subject


def test_asking_costs_no_function_of_the_shop(signed_in: Client, account: User, site: Site) -> None:
    accept(signed_in)

    for path in ("restrict", "stop", "erase"):
        signed_in.post(f"{PAGE}{path}/")

    assert signed_in.get("/").status_code == 200
    assert signed_in.get("/account/").status_code == 200
    assert signed_in.get(PAGE).status_code == 200


def test_a_neighbor_keeps_everything(browser: Client, site: Site, history: History) -> None:
    neighbor = services.grant_remember(request=request_of())
    shopper = accept(browser)
    history.rows.update({neighbor.pk: 7, shopper.pk: 1})

    for path in ("restrict", "stop", "erase"):
        browser.post(f"{PAGE}{path}/")

    assert history.rows[neighbor.pk] == 7
    assert ConsentState.objects.get(pk=neighbor.pk).granted == BANNER_PURPOSES

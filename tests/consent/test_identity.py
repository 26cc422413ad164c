"""Login, logout and the second person on the machine."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.test import Client
from django.utils import timezone

from consent import services
from consent.models import ConsentState, Decision, Erasure, Shopper
from consent.purposes import OPTIONAL_PURPOSES, Purpose
from consent.visitor import read_key
from tests.consent.support import OWN, History, new_shopper, of_page, request_of

pytestmark = pytest.mark.django_db

PASSWORD = "a long pass phrase"


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("ann", password=PASSWORD)


@pytest.fixture
def staff() -> Any:
    return get_user_model().objects.create_superuser("staff", password=PASSWORD)


def log_in(browser: Client, name: str) -> Any:
    """Log in through a page, so that the response passes the middleware."""
    return browser.post(
        "/admin/login/",
        {"username": name, "password": PASSWORD, "next": "/attention/preferences/"},
    )


def log_out(browser: Client) -> Any:
    return browser.post("/admin/logout/", {"next": "/attention/preferences/"})


def choose(browser: Client, choice: str) -> Any:
    return browser.post("/attention/consent/", of_page(browser, {"choice": choice}))


def preferences(browser: Client) -> str:
    return str(browser.get("/attention/preferences/").content.decode())


def level(browser: Client) -> str:
    return str(browser.get("/attention/consent/state/").json()["level"])


def key_of(browser: Client, user: Any = None) -> Any:
    return read_key(browser.cookies["attention_key"].value, str(user.pk) if user else "")


def test_the_account_wins_at_login_and_the_browsers_own_history_is_kept_apart(
    browser: Client, site: Site, staff: Any, history: History
) -> None:
    account = new_shopper(site, staff)
    choose(browser, "remember")
    own = key_of(browser)
    history.rows[own] = 3
    log_in(browser, "staff")
    assert key_of(browser, staff) == account.pk
    assert level(browser) == "remember"
    assert history.rows == {own: 3}
    assert "can join the history of your account" in preferences(browser)


@pytest.mark.parametrize("which", ["account", "browser"])
def test_without_the_permission_of_both_the_browsers_own_history_goes(
    browser: Client, site: Site, staff: Any, history: History, which: str
) -> None:
    account = new_shopper(site, staff)
    choose(browser, "remember")
    own = key_of(browser)
    history.rows[own] = 3
    lacking = account.pk if which == "account" else own
    services.withdraw(shopper_id=lacking, purposes={Purpose.ANALYTICS}, actor="shopper")
    log_in(browser, "staff")
    assert level(browser) == "remember"
    assert not Shopper.objects.filter(pk=own).exists()
    assert history.rows[own] == 0


def test_an_account_that_refused_switches_the_browser_off(
    browser: Client, site: Site, staff: Any
) -> None:
    account = new_shopper(site, staff)
    services.withdraw(shopper_id=account.pk, actor="shopper")
    assert Shopper.objects.filter(pk=account.pk).exists()
    choose(browser, "remember")
    own = key_of(browser)
    log_in(browser, "staff")
    assert level(browser) == "off"
    assert browser.cookies["attention_key"].value == ""
    assert not Shopper.objects.filter(pk=own).exists()


def test_a_browser_that_refused_stays_off_at_login(browser: Client, site: Site, staff: Any) -> None:
    account = new_shopper(site, staff)
    choose(browser, "off")
    log_in(browser, "staff")
    assert level(browser) == "off"
    assert ConsentState.objects.get(pk=account.pk).granted


def test_a_browsers_history_is_offered_and_never_used_or_linked_silently(
    browser: Client, site: Site, staff: Any
) -> None:
    choose(browser, "remember")
    own = Shopper.objects.get()
    log_in(browser, "staff")
    assert level(browser) == "undecided"
    own.refresh_from_db()
    assert own.user is None
    page = browser.get("/attention/preferences/").content.decode()
    assert "Is this your history?" in page


def test_the_offer_accepted_links_it_for_good(browser: Client, site: Site, staff: Any) -> None:
    choose(browser, "remember")
    own = Shopper.objects.get()
    log_in(browser, "staff")
    browser.post("/attention/preferences/", {"action": "link"})
    own.refresh_from_db()
    assert (own.user, own.was_linked) == (staff, True)
    assert level(browser) == "remember"
    assert key_of(browser, staff) == own.pk
    assert [row.kind for row in Decision.objects.all()] == ["granted", "linked"]
    log_out(browser)
    assert level(browser) == "undecided"
    log_in(browser, "staff")
    assert level(browser) == "remember"
    assert key_of(browser, staff) == own.pk


@pytest.mark.parametrize("choice", ["off", "visit", "remember"])
def test_the_offer_declined_deletes_it(
    browser: Client, site: Site, staff: Any, choice: str, history: History
) -> None:
    choose(browser, "remember")
    own = Shopper.objects.get().pk
    history.rows[own] = 5
    log_in(browser, "staff")
    choose(browser, choice)
    assert not Shopper.objects.filter(pk=own).exists()
    assert history.rows[own] == 0
    assert level(browser) == choice


def test_a_history_that_was_linked_is_never_offered(
    browser: Client, site: Site, user: Any, staff: Any
) -> None:
    shopper = new_shopper(site, user)
    Shopper.objects.filter(pk=shopper.pk).update(user=None)
    request = request_of(user=staff)
    request.visitor.offer = shopper.pk  # type: ignore[attr-defined]
    assert services.link_browser(request=request) is False
    shopper.refresh_from_db()
    assert shopper.user is None


def test_logout_takes_the_key_and_the_next_person_is_nobody(
    browser: Client, site: Site, staff: Any
) -> None:
    log_in(browser, "staff")
    choose(browser, "remember")
    account = Shopper.objects.get()
    assert account.user == staff
    log_out(browser)
    assert browser.cookies["attention_key"].value == ""
    assert level(browser) == "undecided"
    choose(browser, "remember")
    assert key_of(browser) != account.pk
    assert Shopper.objects.filter(pk=account.pk, user=staff).exists()


def test_a_session_that_ends_by_itself_leaves_nothing_to_the_next_person(
    browser: Client, site: Site, staff: Any
) -> None:
    log_in(browser, "staff")
    choose(browser, "remember")
    del browser.cookies["sessionid"]
    assert level(browser) == "undecided"
    held = browser.get("/attention/rights/export/").json()["holdings"]
    assert held == []


def test_a_second_account_on_the_machine_sees_nothing_of_the_first(
    browser: Client, site: Site, staff: Any
) -> None:
    get_user_model().objects.create_superuser("two", password=PASSWORD)
    log_in(browser, "staff")
    choose(browser, "remember")
    first = Shopper.objects.get()
    key = browser.cookies["attention_key"].value
    log_out(browser)
    log_in(browser, "two")
    browser.cookies["attention_key"] = key
    assert level(browser) == "undecided"
    choose(browser, "remember")
    second = Shopper.objects.exclude(pk=first.pk).get()
    assert second.user.get_username() == "two"  # type: ignore[union-attr]


def test_a_visit_ends_with_login_and_logout(browser: Client, site: Site, staff: Any) -> None:
    choose(browser, "visit")
    log_in(browser, "staff")
    assert level(browser) == "undecided"
    choose(browser, "visit")
    assert level(browser) == "visit"
    log_out(browser)
    assert level(browser) == "undecided"


def test_an_account_says_no_everywhere_and_yes_makes_a_new_person(
    browser: Client, site: Site, staff: Any
) -> None:
    log_in(browser, "staff")
    choose(browser, "remember")
    first = Shopper.objects.get().pk
    other = Client(headers=OWN)
    log_in(other, "staff")
    assert level(other) == "remember"
    choose(other, "off")
    browser.get("/attention/preferences/")
    assert level(browser) == "off"
    choose(browser, "remember")
    second = Shopper.objects.get()
    assert second.pk != first
    assert second.user == staff
    assert ConsentState.objects.get(pk=second.pk).generation == 1


def test_a_grant_while_a_deletion_is_due_is_a_new_person(
    browser: Client, site: Site, staff: Any, monkeypatch: pytest.MonkeyPatch, history: History
) -> None:
    log_in(browser, "staff")
    choose(browser, "remember")
    first = Shopper.objects.get().pk
    history.rows[first] = 5000
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda task, *args: None)
    services.withdraw(shopper_id=first, purposes={Purpose.ANALYTICS}, actor="shopper")
    assert Erasure.objects.due().exists()
    choose(browser, "remember")
    second = Shopper.objects.get(user=staff)
    assert second.pk != first
    assert ConsentState.objects.get(pk=first).purposes == 0
    from consent.tasks import finish_due_erasures

    finish_due_erasures()
    assert history.rows[first] == 0
    assert not Shopper.objects.filter(pk=first).exists()


def test_deleting_the_account_erases_its_history(site: Site, user: Any, history: History) -> None:
    shopper = new_shopper(site, user)
    history.rows[shopper.pk] = 7
    user.delete()
    assert history.rows[shopper.pk] == 0
    assert not Shopper.objects.exists()
    assert [row.kind for row in Decision.objects.all()] == ["granted", "erased"]


def test_a_failure_here_never_breaks_a_login(
    browser: Client, site: Site, staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**kwargs: Any) -> None:
        Shopper.objects.get(pk="00000000-0000-0000-0000-000000000000")

    monkeypatch.setattr("consent.identity.account_shopper", broken)
    response = log_in(browser, "staff")
    assert response.status_code == 302
    assert "_auth_user_id" in browser.session


def test_withdrawing_everything_closes_every_purpose(site: Site, user: Any) -> None:
    shopper = new_shopper(site, user)
    done = services.withdraw(shopper_id=shopper.pk, actor="shopper")
    assert done is not None
    assert done.generation == 2
    state = ConsentState.objects.get(pk=shopper.pk)
    assert not state.granted & OPTIONAL_PURPOSES
    assert state.decided_at <= timezone.now()
    assert services.withdraw(shopper_id=shopper.pk, actor="shopper") is None

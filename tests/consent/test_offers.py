"""A history from before the login: offered to one account, joined at its word, else deleted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.test import Client

from consent import holdings, services
from consent.erasure.run import run
from consent.holdings import Holding, register
from consent.ledger.append import subject_of
from consent.models import ConsentState, Decision, Erasure, Shopper
from consent.purposes import Purpose
from consent.tasks import finish_due_erasures
from consent.visitor import read_key
from tests.consent.support import OWN, History, new_shopper, request_of

pytestmark = pytest.mark.django_db

PASSWORD = "a long pass phrase"


class Movable(History):
    """A history that can join another one."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[tuple[UUID, UUID, frozenset[Purpose]]] = []

    def move(self, source: UUID, target: UUID, purposes: frozenset[Purpose], limit: int) -> int:
        self.moves.append((source, target, purposes))
        moved = min(limit, self.rows.get(source, 0))
        self.rows[source] = self.rows.get(source, 0) - moved
        self.rows[target] = self.rows.get(target, 0) + moved
        return moved


@pytest.fixture
def movable(monkeypatch: pytest.MonkeyPatch) -> Movable:
    monkeypatch.setattr(holdings, "_holdings", dict(holdings._holdings))
    kept = Movable()
    register(
        Holding(
            label="test.movable",
            title="What you looked at",
            models=(),
            purpose=Purpose.ANALYTICS,
            retention="a year",
            count=lambda shopper_id: kept.rows.get(shopper_id, 0),
            export=lambda shopper_id: (),
            erase=kept.erase,
            move=kept.move,
        )
    )
    return kept


@pytest.fixture
def ann() -> Any:
    return get_user_model().objects.create_superuser("ann", password=PASSWORD)


@pytest.fixture
def ben() -> Any:
    return get_user_model().objects.create_superuser("ben", password=PASSWORD)


def log_in(browser: Client, name: str) -> None:
    form = {"username": name, "password": PASSWORD, "next": "/attention/preferences/"}
    assert browser.post("/admin/login/", form).status_code == 302


def log_out(browser: Client) -> None:
    browser.post("/admin/logout/", {"next": "/attention/preferences/"})


def choose(browser: Client, choice: str) -> None:
    browser.post("/attention/consent/", {"choice": choice})


def act(browser: Client, action: str) -> None:
    browser.post("/attention/preferences/", {"action": action})


def level(browser: Client) -> str:
    return str(browser.get("/attention/consent/state/").json()["level"])


def is_offered(browser: Client) -> bool:
    return "Is this your history?" in browser.get("/attention/preferences/").content.decode()


def remembered(browser: Client, movable: Movable, rows: int = 3) -> UUID:
    """Have a browser accept and leave a history; return its key."""
    choose(browser, "remember")
    own = read_key(browser.cookies["attention_key"].value, "")
    assert own is not None
    movable.rows[own] = rows
    return own


def offering(site: Site, user: Any) -> tuple[Shopper, Shopper, Any]:
    """An account with a history, a browser with another, and a request that offers it."""
    account, own = new_shopper(site, user), new_shopper(site)
    request = request_of(account, user)
    request.visitor.offer = own.pk  # type: ignore[attr-defined]
    return account, own, request


def test_an_accepted_history_moves_and_the_browsers_shopper_is_deleted(
    browser: Client, site: Site, ann: Any, movable: Movable
) -> None:
    # Given an account with a history, and a browser with its own
    account = new_shopper(site, ann)
    movable.rows[account.pk] = 10
    own = remembered(browser, movable)
    log_in(browser, "ann")
    assert movable.rows == {account.pk: 10, own: 3}

    # When the person says that it is theirs
    act(browser, "link")

    # Then the account has both, and nothing else of the browser's shopper remains
    assert movable.rows == {account.pk: 13, own: 0}
    assert not Shopper.objects.filter(pk=own).exists()
    assert level(browser) == "remember"
    assert not is_offered(browser)
    assert browser.cookies["attention_offer"].value == ""
    erasure = Erasure.objects.get()
    assert (erasure.rows_moved, erasure.rows, erasure.heir_id) == (3, 0, account.pk)


def test_the_ledger_says_on_whose_decisions_the_moved_rows_rest(
    site: Site, ann: Any, movable: Movable
) -> None:
    account, own, request = offering(site, ann)
    kid, subject = subject_of(own.pk)
    assert services.link_browser(request=request) is True
    linked, erased = Decision.objects.order_by("sequence")[2:]
    assert (linked.kind, linked.subject) == ("linked", subject_of(account.pk)[1])
    assert linked.details["history_of"] == subject
    assert linked.details["history_kid"] == kid
    assert linked.purposes == "analytics model.train recs.personal"
    assert (erased.kind, erased.subject, erased.purposes) == ("erased", subject, "")


def test_only_what_both_allow_moves_with_the_rows(site: Site, ann: Any, movable: Movable) -> None:
    account, own, request = offering(site, ann)
    services.withdraw(shopper_id=own.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    services.withdraw(shopper_id=account.pk, purposes={Purpose.RECS_PERSONAL}, actor="shopper")
    movable.rows[own.pk] = 1
    assert services.link_browser(request=request) is True
    assert {purposes for _, _, purposes in movable.moves} == {frozenset({Purpose.ANALYTICS})}


@pytest.mark.parametrize("lacking", ["account", "browser"])
def test_without_the_permission_of_both_nothing_moves(
    site: Site, ann: Any, movable: Movable, lacking: str
) -> None:
    account, own, request = offering(site, ann)
    shopper = account if lacking == "account" else own
    movable.rows = {own.pk: 2}
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.ANALYTICS}, actor="shopper")
    left = dict(movable.rows)
    decisions = Decision.objects.count()
    assert services.link_browser(request=request) is False
    assert movable.moves == []
    assert movable.rows == left
    assert Decision.objects.count() == decisions


def test_a_history_that_was_an_accounts_joins_no_other(
    site: Site, ann: Any, movable: Movable
) -> None:
    _, own, request = offering(site, ann)
    Shopper.objects.filter(pk=own.pk).update(was_linked=True)
    assert services.link_browser(request=request) is False
    assert movable.moves == []
    assert ConsentState.objects.get(pk=own.pk).purposes


def test_a_double_click_joins_once(site: Site, ann: Any, movable: Movable) -> None:
    account, own, request = offering(site, ann)
    movable.rows = {own.pk: 2}
    again = request_of(account, ann)
    again.visitor.offer = own.pk  # type: ignore[attr-defined]
    assert services.link_browser(request=request) is True
    services.link_browser(request=again)
    assert movable.rows == {own.pk: 0, account.pk: 2}
    kinds = list(Decision.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds == ["granted", "granted", "linked", "erased"]


def test_a_long_history_moves_in_batches_and_counts_for_the_account_alone(
    site: Site, ann: Any, movable: Movable, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a history longer than a request may move
    account, own, request = offering(site, ann)
    movable.rows = {own.pk: 2500}
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda task, *args: None)

    # When it is accepted
    assert services.link_browser(request=request) is True

    # Then the first part is the account's, and the rest is nobody's to read
    assert movable.rows == {own.pk: 1500, account.pk: 1000}
    assert ConsentState.objects.get(pk=own.pk).purposes == 0

    # And the task goes on where it stopped, however often it runs
    finish_due_erasures()
    finish_due_erasures()
    assert movable.rows == {own.pk: 0, account.pk: 2500}
    assert not Shopper.objects.filter(pk=own.pk).exists()


@pytest.mark.parametrize("again", [False, True], ids=["for good", "and granted again"])
def test_a_withdrawal_ends_a_move_and_no_row_survives(
    site: Site, ann: Any, movable: Movable, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    # Given a move under way
    account, own, request = offering(site, ann)
    movable.rows = {own.pk: 2500}
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda task, *args: None)
    services.link_browser(request=request)

    # When the account withdraws what the history is kept for, and perhaps grants it anew
    services.withdraw(shopper_id=account.pk, purposes={Purpose.ANALYTICS}, actor="shopper")
    run(erasure_id=Erasure.objects.filter(shopper=account).get().pk)
    if again:
        services.grant_remember(request=request_of(account, ann))

    # Then neither the moved part nor the rest is left, and nothing moves any more
    finish_due_erasures()
    assert movable.rows == {own.pk: 0, account.pk: 0}


def test_while_what_the_account_allows_rests_the_move_waits(
    site: Site, ann: Any, movable: Movable, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, own, request = offering(site, ann)
    movable.rows = {own.pk: 2500}
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda task, *args: None)
    services.link_browser(request=request)
    state = ConsentState.objects.get(pk=account.pk)
    resting = state.purposes
    ConsentState.objects.filter(pk=account.pk).update(purposes=0, suspended=resting)
    finish_due_erasures()
    assert movable.rows == {own.pk: 1500, account.pk: 1000}
    ConsentState.objects.filter(pk=account.pk).update(purposes=resting, suspended=0)
    finish_due_erasures()
    assert movable.rows == {own.pk: 0, account.pk: 2500}


def test_a_declined_history_is_deleted_and_the_accounts_own_stays(
    browser: Client, site: Site, ann: Any, movable: Movable
) -> None:
    account = new_shopper(site, ann)
    movable.rows[account.pk] = 10
    own = remembered(browser, movable)
    log_in(browser, "ann")
    act(browser, "decline")
    assert movable.rows == {account.pk: 10, own: 0}
    assert not Shopper.objects.filter(pk=own).exists()
    assert level(browser) == "remember"
    assert not is_offered(browser)


@pytest.mark.parametrize("has_account", [True, False])
def test_an_offer_ends_with_the_session_it_was_made_in(
    browser: Client, site: Site, ann: Any, ben: Any, movable: Movable, has_account: bool
) -> None:
    # Given a history offered to ann, whose session ends without a logout
    if has_account:
        new_shopper(site, ann)
    own = remembered(browser, movable)
    log_in(browser, "ann")
    assert is_offered(browser)
    del browser.cookies["sessionid"]

    # When the next person uses the machine
    assert level(browser) == "undecided"

    # Then there is nothing left to inherit or to be offered
    assert movable.rows[own] == 0
    assert not Shopper.objects.filter(pk=own).exists()
    log_in(browser, "ben")
    assert not is_offered(browser)
    assert str(own) not in browser.get("/attention/rights/export/").content.decode()


def test_a_second_account_on_the_machine_is_not_offered_the_firsts(
    browser: Client, site: Site, ann: Any, ben: Any, movable: Movable
) -> None:
    # Given a history offered to ann
    own = remembered(browser, movable)
    log_in(browser, "ann")
    assert is_offered(browser)

    # When ben logs in on the same machine, without ann's logout
    del browser.cookies["sessionid"]
    log_in(browser, "ben")

    # Then he is neither offered it nor can he take it
    assert not is_offered(browser)
    act(browser, "link")
    assert not Shopper.objects.filter(user=ben).exists()
    assert movable.rows[own] == 0


def test_logout_ends_an_offer(browser: Client, site: Site, ann: Any, movable: Movable) -> None:
    account = new_shopper(site, ann)
    own = remembered(browser, movable)
    log_in(browser, "ann")
    log_out(browser)
    assert browser.cookies["attention_offer"].value == ""
    assert not Shopper.objects.filter(pk=own).exists()
    assert Shopper.objects.filter(pk=account.pk).exists()


def test_a_page_from_before_the_logout_cannot_accept(
    browser: Client, site: Site, ann: Any, movable: Movable
) -> None:
    # Given a page with the offer in one tab, and a logout in another
    new_shopper(site, ann)
    own = remembered(browser, movable)
    log_in(browser, "ann")
    assert is_offered(browser)
    log_out(browser)

    # When the old page's button is pressed
    act(browser, "link")

    # Then nothing moved
    assert movable.moves == []
    assert movable.rows[own] == 0
    assert level(browser) == "undecided"


def test_a_login_no_signal_told_of_binds_the_offer_too(
    browser: Client, site: Site, ann: Any, ben: Any, movable: Movable
) -> None:
    remembered(browser, movable)
    session = Client(headers=OWN)
    session.force_login(ann)
    browser.cookies["sessionid"] = session.cookies["sessionid"].value
    assert is_offered(browser)
    assert browser.cookies["attention_key"].value == ""
    assert browser.cookies["attention_offer"].value
    assert is_offered(browser)


def test_an_account_deleted_during_a_move_takes_everything_with_it(
    site: Site, ann: Any, movable: Movable, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, own, request = offering(site, ann)
    movable.rows = {own.pk: 2500}
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda task, *args: None)
    services.link_browser(request=request)
    ann.delete()
    finish_due_erasures()
    assert movable.rows == {own.pk: 0, account.pk: 0}
    assert not Shopper.objects.exists()


def test_an_account_separated_from_its_history_has_none_and_is_asked_again(
    browser: Client, site: Site, ann: Any, movable: Movable
) -> None:
    # Given two devices of a remembered account
    log_in(browser, "ann")
    choose(browser, "remember")
    account = Shopper.objects.get()
    movable.rows[account.pk] = 4
    other = Client(headers=OWN)
    log_in(other, "ann")
    assert level(other) == "remember"

    # When the person separates the two on one of them
    act(browser, "separate")

    # Then the history is gone, no refusal is noted, and both devices ask again
    assert movable.rows[account.pk] == 0
    assert not Shopper.objects.exists()
    assert (level(browser), level(other)) == ("undecided", "undecided")
    assert "attention_choice" not in browser.cookies
    assert Decision.objects.order_by("-sequence")[0].kind == "erased"


def test_without_an_account_there_is_nothing_to_separate(browser: Client, site: Site) -> None:
    choose(browser, "remember")
    act(browser, "separate")
    assert level(browser) == "remember"
    assert Decision.objects.count() == 1

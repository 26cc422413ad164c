"""Two histories become one: every row once, no more allowed than both allowed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.utils import timezone

from consent import services
from consent.erasure.models import Erasure
from consent.erasure.run import run
from consent.gate import Permit, permit_shopper
from consent.models import ConsentState, Shopper
from consent.purposes import BANNER_PURPOSES, Purpose, to_mask
from consent.services import grant_remember
from consent.visitor import visitor_of
from recommender.events import identifiers
from recommender.events.kinds import Kind
from recommender.events.models import Event
from recommender.events.move import move_events
from recommender.events.selectors import count_events, recent_history, training_rows
from recommender.events.services import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(shop: SimpleNamespace, rf: RequestFactory) -> SimpleNamespace:
    """An account that looked at ``tea``, and its browser's own history of ``cup`` and ``pot``."""
    user = get_user_model().objects.create_user("ann")
    own = rf.get("/")
    browser = grant_remember(request=own)
    for key in ("cup", "pot"):
        assert record(request=own, kind=Kind.VIEW, product_key=key)
    mine = rf.get("/")
    mine.user = user
    account = grant_remember(request=mine)
    assert record(request=mine, kind=Kind.VIEW, product_key="tea")
    visitor_of(mine).offer = browser.pk
    return SimpleNamespace(account=account, browser=browser, request=mine, own=own)


def keys_of(shopper_id: UUID) -> list[str]:
    permitted = permit_shopper(shopper_id, Purpose.RECS_PERSONAL)
    assert isinstance(permitted, Permit)
    return [item.host_key for item in recent_history(permit=permitted)]


def later(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let a request move ``rows`` rows and no task run by itself."""
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda task, *args: None)
    monkeypatch.setattr("consent.erasure.run.BATCH", 1)
    monkeypatch.setattr("consent.conf.ConsentSettings.ERASE_ROWS", rows)


def test_the_accounts_history_holds_both_and_the_browsers_nothing(
    people: SimpleNamespace,
) -> None:
    # Given rows of the browser, each with the decision it rests on
    before = {
        row.id: (row.consent_seq, row.occurred_at, row.received_at, row.visit)
        for row in Event.rows.filter(shopper=people.browser)
    }

    # When the person says that the history is theirs
    assert services.link_browser(request=people.request) is True

    # Then the account reads all of it in the order of time
    assert sorted(keys_of(people.account.pk)) == ["cup", "pot", "tea"]
    moved = Event.rows.filter(shopper=people.account, id__in=before)
    assert {
        row.id: (row.consent_seq, row.occurred_at, row.received_at, row.visit) for row in moved
    } == before
    assert count_events(shopper_id=people.browser.pk) == 0
    assert not Shopper.objects.filter(pk=people.browser.pk).exists()


def test_a_moved_row_allows_no_more_than_both_did(
    people: SimpleNamespace, shop: SimpleNamespace
) -> None:
    # Given a browser that withdrew training, and an account that allows it
    services.withdraw(shopper_id=people.browser.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")

    # When the histories join
    assert services.link_browser(request=people.request) is True

    # Then the browser's rows rank for the account and never train
    allowed = to_mask(BANNER_PURPOSES - {Purpose.MODEL_TRAIN})
    moved = Event.rows.filter(shopper=people.account).exclude(product__host_key="tea")
    assert set(moved.values_list("purposes", flat=True)) == {allowed}
    assert "cup" in keys_of(people.account.pk)
    rows = list(training_rows(site=shop.site, cut=timezone.now()))
    assert [row.product_id for row in rows] == [shop.products["tea"].pk]


def test_an_event_both_hold_is_kept_once(people: SimpleNamespace) -> None:
    twin = Event.rows.filter(shopper=people.browser).order_by("id")[0]
    kept = Event.rows.get(shopper=people.account)
    Event.rows.filter(shopper=people.account).update(id=twin.id)
    assert services.link_browser(request=people.request) is True
    assert count_events(shopper_id=people.account.pk) == 2
    held = Event.rows.get(shopper=people.account, id=twin.id)
    assert held.product_id == kept.product_id


def test_rows_of_a_category_that_became_sensitive_are_deleted_instead(
    people: SimpleNamespace, shop: SimpleNamespace
) -> None:
    Event.rows.filter(shopper=people.browser, product__host_key="cup").update(
        product=shop.products["test"]
    )
    assert services.link_browser(request=people.request) is True
    products = Event.rows.values_list("product__host_key", flat=True)
    assert sorted(products) == ["pot", "tea"]


def test_a_batch_takes_the_oldest_and_the_next_one_goes_on(people: SimpleNamespace) -> None:
    both = frozenset(BANNER_PURPOSES)
    assert move_events(people.browser.pk, people.account.pk, both, 1) == 1
    assert keys_of(people.browser.pk) == ["pot"]
    assert move_events(people.browser.pk, people.account.pk, both, 5) == 1
    assert move_events(people.browser.pk, people.account.pk, both, 5) == 0
    assert count_events(shopper_id=people.account.pk) == 3


def test_a_long_history_counts_for_the_account_alone_while_it_moves(
    people: SimpleNamespace, shop: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a move of which one row is done
    later(monkeypatch, 1)
    assert services.link_browser(request=people.request) is True
    assert count_events(shopper_id=people.account.pk) == 2
    assert count_events(shopper_id=people.browser.pk) == 1

    # Then the row that waits neither ranks nor trains, and nothing joins it
    assert not permit_shopper(people.browser.pk, Purpose.RECS_PERSONAL)
    trained = {row.shopper_id for row in training_rows(site=shop.site, cut=timezone.now())}
    assert trained == {people.account.pk}
    assert not record(request=people.own, kind=Kind.VIEW, product_key="tea")

    # And the task finishes it
    assert run(erasure_id=Erasure.objects.get().pk) is True
    assert count_events(shopper_id=people.account.pk) == 3
    assert not Shopper.objects.filter(pk=people.browser.pk).exists()


@pytest.mark.parametrize("who", ["account", "browser"])
def test_after_a_withdrawal_of_either_no_row_survives(
    people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    shopper: Any = getattr(people, who)
    services.erase(shopper_id=shopper.pk, actor="shopper")
    services.link_browser(request=people.request)
    for erasure in Erasure.objects.due():
        run(erasure_id=erasure.pk)
    left = set(Event.rows.values_list("shopper_id", flat=True))
    assert shopper.pk not in left
    if who == "browser":
        assert keys_of(people.account.pk) == ["tea"]
    else:
        # Nobody accepted for an account that is gone: the browser's history became its own.
        assert left <= {people.browser.pk}


def test_an_event_that_came_before_the_acceptance_moves_with_the_rest(
    people: SimpleNamespace,
) -> None:
    event_id = identifiers.mint()
    assert record(request=people.own, kind=Kind.SEARCH, value=3, event_id=event_id)
    assert services.link_browser(request=people.request) is True
    assert Event.rows.get(id=event_id).shopper_id == people.account.pk
    assert ConsentState.objects.count() == 1

"""Joining histories while the account withdraws: no row survives on either side."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.test import RequestFactory

from consent import decisions, services
from consent.decisions import Circumstances
from consent.erasure.models import Erasure
from consent.erasure.run import run
from consent.models import ConsentState, Shopper
from consent.purposes import Purpose
from consent.services import grant_remember
from recommender.events import identifiers
from recommender.events.door.facts import Fact
from recommender.events.door.writing import store
from recommender.events.kinds import Kind
from recommender.events.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

HOW = Circumstances(actor="shopper", source="preferences")


def histories(shop: SimpleNamespace, rf: RequestFactory, name: str, rows: int) -> tuple[UUID, UUID]:
    """A browser with ``rows`` events, and an account without any; return both keys."""
    own = rf.get("/")
    browser = grant_remember(request=own)
    facts = []
    for _ in range(rows):
        event_id = identifiers.mint()
        moment = identifiers.from_milliseconds(identifiers.milliseconds_of(event_id))
        facts.append(Fact(event_id=event_id, kind=Kind.VIEW, occurred_at=moment, product_key="tea"))
    store(site_id=shop.site.pk, shopper_id=browser.pk, facts=facts)
    mine = rf.get("/")
    mine.user = get_user_model().objects.create_user(name)
    return browser.pk, grant_remember(request=mine).pk


def patiently(work: object, *args: object, **named: object) -> None:
    """Repeat what SQLite was too busy for, as the periodic task would."""
    for _ in range(50):
        try:
            work(*args, **named)  # type: ignore[operator]
        except OperationalError:
            continue
        return


def race(shop: SimpleNamespace, rf: RequestFactory, name: str, rows: int, whose: str) -> None:
    # Given a move under way, one row a batch
    browser, account = histories(shop, rf, name, rows)
    closed = decisions.merge(shopper_id=browser, heir_id=account, how=HOW)
    assert closed is not None
    moved = threading.Event()

    def move() -> None:
        try:
            for _ in range(rows + 2):
                patiently(run, erasure_id=closed.erasure_id, budget=1)
                moved.set()
        finally:
            connection.close()

    # When the account withdraws at some moment of it
    thread = threading.Thread(target=move)
    thread.start()
    moved.wait(20)
    if whose == "everything":
        patiently(services.erase, shopper_id=account, actor="shopper")
    else:
        only = {Purpose.ANALYTICS}
        patiently(services.withdraw, shopper_id=account, purposes=only, actor="shopper")
    thread.join(60)

    # Then, once every deletion is finished, nothing of either history is left
    for erasure_id in list(Erasure.objects.due().values_list("pk", flat=True)):
        assert run(erasure_id=erasure_id) is True
    assert not Event.rows.filter(shopper_id__in=[browser, account]).exists()
    assert not Shopper.objects.filter(pk=browser).exists()


@pytest.mark.parametrize("whose", ["everything", "what the history is kept for"])
def test_a_withdrawal_during_a_move_leaves_no_row(
    shop: SimpleNamespace, rf: RequestFactory, whose: str
) -> None:
    race(shop, rf, "ann", 12, whose)


def test_two_clicks_at_once_join_once(shop: SimpleNamespace, rf: RequestFactory) -> None:
    browser, account = histories(shop, rf, "ann", 5)
    start = threading.Barrier(2)
    closed: list[object] = []

    def click() -> None:
        try:
            start.wait(10)
            closed.append(decisions.merge(shopper_id=browser, heir_id=account, how=HOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(each is None for each in closed) == [False, True]
    erasure = Erasure.objects.get()
    assert run(erasure_id=erasure.pk) is True
    assert Event.rows.filter(shopper_id=account).count() == 5
    assert ConsentState.objects.count() == 1


@pytest.mark.deep
@pytest.mark.parametrize("whose", ["everything", "what the history is kept for"])
def test_withdrawals_during_many_moves_leave_no_row(
    shop: SimpleNamespace, rf: RequestFactory, whose: str
) -> None:
    for turn in range(50):
        race(shop, rf, f"person{turn}", 10 + turn, whose)

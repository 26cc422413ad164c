"""What an account needs to shop goes when its owner says so, and at no other time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.utils import timezone
from pytest_django import Settings

from consent import holdings, identity, minors, services
from consent.erasure.run import run
from consent.holdings import Holding, register
from consent.models import ConsentState, Erasure, Proof, Shopper
from consent.policies.services import publish_policy
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.retention import own
from consent.retention.run import apply_retention
from consent.selectors import account_shopper
from tests.consent.support import History, new_shopper, request_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_dir")]

TEXT = {"en": {"title": "t", "notice": "another", "body": "b"}}


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> dict[Any, int]:
    """Orders of accounts: a host's, found by the account of a shopper; number of rows by account.

    The host's app stands before this one, so its rows go last.
    """
    rows: dict[Any, int] = {}

    def owner(shopper_id: UUID) -> Any:
        return Shopper.objects.filter(pk=shopper_id).values_list("user_id", flat=True).first()

    def erase(shopper_id: UUID, limit: int | None) -> int:
        return rows.pop(owner(shopper_id), 0)

    monkeypatch.setattr(holdings, "_holdings", {})
    register(
        Holding(
            label="host.orders",
            title="Orders",
            models=(),
            purpose=Purpose.NECESSARY,
            retention="years",
            count=lambda shopper_id: rows.get(owner(shopper_id), 0),
            export=lambda shopper_id: (),
            erase=erase,
        )
    )
    return rows


@pytest.fixture
def user(site: Site) -> Any:
    return get_user_model().objects.create_user("ann")


def test_nobody_loses_orders_for_not_answering_a_changed_text(
    site: Site, user: Any, orders: dict[Any, int], history: History, settings: Settings
) -> None:
    # Given an account with orders and a history, whose owner never answers the new text
    shopper = new_shopper(site, user)
    orders[user.pk], history.rows[shopper.pk] = 3, 5
    publish_policy(site=site, texts=TEXT, is_material=True)
    long_ago = timezone.now() - timedelta(days=4000)
    ConsentState.objects.update(suspended_at=long_ago)

    # When the time to answer is over
    assert apply_retention()["suspended"] == 1
    for erasure in Erasure.objects.all():
        run(erasure_id=erasure.pk)

    # Then the history is gone and the orders are not
    assert history.rows[shopper.pk] == 0
    assert not Shopper.objects.exists()
    assert orders == {user.pk: 3}


def test_who_answers_while_retention_runs_is_left_alone(
    site: Site, user: Any, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody found by retention who grants anew before it comes to them
    shopper = new_shopper(site, user)
    publish_policy(site=site, texts=TEXT, is_material=True)
    ConsentState.objects.update(suspended_at=timezone.now() - timedelta(days=4000))
    lock_state = own.lock_state

    def answered_first(shopper_id: UUID) -> Any:
        monkeypatch.setattr(own, "lock_state", lock_state)
        services.grant_remember(request=request_of(shopper, user))
        return lock_state(shopper_id)

    monkeypatch.setattr(own, "lock_state", answered_first)

    # When it does, then nothing is closed
    assert apply_retention()["suspended"] == 0
    assert ConsentState.objects.get(pk=shopper.pk).granted == BANNER_PURPOSES
    assert not Erasure.objects.exists()


def test_a_minor_keeps_orders_and_basket(
    site: Site,
    user: Any,
    orders: dict[Any, int],
    history: History,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(minors, "_asked", {"age": lambda request: "minor"})
    shopper = new_shopper(site, user)
    orders[user.pk], history.rows[shopper.pk] = 2, 5

    identity.logged_in(request=request_of(shopper, user), user=user)

    assert history.rows[shopper.pk] == 0
    assert not Shopper.objects.exists()
    assert orders == {user.pk: 2}


def test_a_new_yes_does_not_stop_the_deletion_of_everything(
    site: Site,
    user: Any,
    orders: dict[Any, int],
    history: History,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given an account that asked to delete everything, of which the request did a part
    shopper = new_shopper(site, user)
    orders[user.pk], history.rows[shopper.pk] = 2, 5
    with monkeypatch.context() as patch:
        patch.setattr("consent.erasure.begin.run_quietly", lambda **kwargs: False)
        patch.setattr("consent.erasure.begin.enqueue", lambda *args: None)
        services.erase(shopper_id=shopper.pk, actor="shopper")

    # When its owner accepts the banner before a task did the rest
    services.grant_remember(request=request_of(shopper, user))

    # Then everything is deleted all the same, the proof is true, and the new history is another
    assert orders == {}
    assert history.rows[shopper.pk] == 0
    assert '"before":2' in Proof.objects.get().document
    new = account_shopper(site_id=site.pk, user=user)
    assert new is not None
    assert new.pk != shopper.pk
    assert not Erasure.objects.due().exists()

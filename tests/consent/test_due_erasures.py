"""Deletions that are due go on, whatever others wait for; what was undone is never remembered."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.db import transaction

from consent import decisions
from consent.decisions import Circumstances
from consent.erasure.tombstones import read_tombstones
from consent.models import ConsentState, Erasure
from consent.purposes import Purpose
from consent.tasks import finish_due_erasures
from tests.consent.support import History, new_shopper

pytestmark = pytest.mark.usefixtures("ledger_dir")

HOW = Circumstances(actor="shopper", source="test")


def waiting_join(site: Site, number: int) -> Erasure:
    """A browser's history on its way to an account that restricted everything meanwhile."""
    heir = new_shopper(site, get_user_model().objects.create_user(f"ann{number}"))
    joined = decisions.merge(shopper_id=new_shopper(site).pk, heir_id=heir.pk, how=HOW)
    assert joined is not None
    decisions.restrict(shopper_id=heir.pk, how=HOW)
    return Erasure.objects.get(pk=joined.erasure_id)


@pytest.mark.django_db
def test_joins_that_wait_do_not_hold_up_anybody(site: Site, history: History) -> None:
    # Given more joins that wait than a round ever took, and one person's deletion after them
    waiting = waiting_join(site, 0)
    Erasure.objects.bulk_create(
        Erasure(
            site=site,
            shopper_id=waiting.shopper_id,
            heir_id=waiting.heir_id,
            purposes=waiting.purposes,
            heir_purposes=waiting.heir_purposes,
            requested_at=waiting.requested_at,
        )
        for _ in range(120)
    )
    leaving = new_shopper(site)
    history.rows[leaving.pk] = 4
    closed = decisions.close(shopper_id=leaving.pk, purposes=frozenset(Purpose), how=HOW)
    assert closed is not None

    # When a round runs
    finish_due_erasures()

    # Then the deletion is done and the joins still wait
    assert history.rows[leaving.pk] == 0
    assert not Erasure.objects.due().filter(pk=closed.erasure_id).exists()
    assert Erasure.objects.due().count() == 121
    assert Erasure.objects.ready().count() == 0

    # And once the heir lets it be used again, they go on
    decisions.lift(shopper_id=waiting.heir_id, how=HOW)  # type: ignore[arg-type]
    assert Erasure.objects.ready().count() == 121


@pytest.mark.django_db
def test_deletions_that_fail_do_not_hold_up_anybody(
    site: Site, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [new_shopper(site) for _ in range(110)]
    leaving = new_shopper(site)
    history.rows[leaving.pk] = 4
    erase = history.erase

    def sometimes(shopper_id: Any, limit: int | None) -> int:
        if any(shopper_id == each.pk for each in broken):
            raise OSError("A host's table cannot be reached.")
        return erase(shopper_id, limit)

    monkeypatch.setattr(history, "erase", sometimes)
    from consent import holdings

    kept = holdings._holdings["test.history"]
    object.__setattr__(kept, "erase", sometimes)
    for each in [*broken, leaving]:
        decisions.close(shopper_id=each.pk, purposes=frozenset(Purpose), how=HOW)

    finish_due_erasures()

    assert history.rows[leaving.pk] == 0
    assert Erasure.objects.due().count() == 110


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_the_host_takes_back_leaves_no_tombstone() -> None:
    # Given a host that deletes an account, and fails afterwards
    site = Site.objects.get(pk=1)
    user = get_user_model().objects.create_user("ann")
    shopper = new_shopper(site, user)

    def delete_and_fail() -> None:
        with transaction.atomic():
            user.delete()
            raise RuntimeError("The host changed its mind.")

    with pytest.raises(RuntimeError, match="changed its mind"):
        delete_and_fail()

    # Then the person is as before, and no restored backup will delete them
    assert ConsentState.objects.get(pk=shopper.pk).purposes
    assert read_tombstones() == []


@pytest.mark.django_db(transaction=True)
def test_an_account_deleted_with_a_long_history_has_its_tombstone(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an account with more rows than a request deletes
    site = Site.objects.get(pk=1)
    user = get_user_model().objects.create_user("ann")
    shopper = new_shopper(site, user)
    history.rows[shopper.pk] = 5
    monkeypatch.setattr("consent.erasure.begin.run_quietly", lambda **kwargs: False)

    # When the host deletes it
    user.delete()

    # Then a backup that brings it back is known to be older
    assert not ConsentState.objects.exists()
    (stone,) = read_tombstones()
    assert (stone.generation, "necessary" in stone.purposes) == (2, True)

"""A material change: what rests, who goes on, who is erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sites.models import Site
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent import services
from consent.gate import Permit, RefusalReason, lock_permits, permit_shopper
from consent.imports import import_decision
from consent.models import ConsentState, Decision, Erasure, Shopper
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.retention.run import apply_retention
from tests.consent.policy_support import CHOOSE, STATE, accept, page, publish, refusals
from tests.consent.support import History, new_shopper, of_page, request_of

pytestmark = pytest.mark.django_db


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


def test_permits_of_a_new_person_start_at_once(site: Site) -> None:
    publish(site, is_material=True)
    shopper = services.grant_remember(request=request_of())
    assert isinstance(permit_shopper(shopper.pk, Purpose.ANALYTICS), Permit)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="pages of PostgreSQL")
def test_pages_of_state_rows_leave_room_for_every_row_to_change_at_once(site: Site) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reloptions FROM pg_class WHERE oid = %s::regclass",
            [ConsentState._meta.db_table],
        )
        assert cursor.fetchone() == (["fillfactor=50"],)

"""A yes that meets a no on its way: whichever way they cross, the no stands."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import Client

from consent import api, services, views
from consent.decisions import Circumstances, lift, restrict
from consent.models import ConsentState, Decision, Shopper
from consent.policies.fence import PolicyOutdated
from consent.policies.selectors import current_policy
from consent.policies.services import publish_policy
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.seen import require_seen
from consent.selectors import account_shopper
from consent.visitor import sign_key
from tests.consent.support import OWN, new_shopper, request_of

pytestmark = pytest.mark.django_db

CHOOSE = "/attention/consent/"
PREFERENCES = "/attention/preferences/"
HOW = Circumstances(actor="shopper", source="test")
NEXT = {"en": {"title": "t", "notice": "another", "body": "b"}}


def withdrawn_meanwhile(
    monkeypatch: pytest.MonkeyPatch, module: Any, shopper: Shopper, *purposes: Purpose
) -> None:
    """The person says no in another window right after this one's form was looked at."""

    def look(request: HttpRequest, seen: object) -> int | None:
        generation = require_seen(request, seen)
        wanted = purposes or tuple(BANNER_PURPOSES)
        services.withdraw(shopper_id=shopper.pk, purposes=wanted, actor="shopper")
        return generation

    monkeypatch.setattr(module, "require_seen", look)


def key_of(shopper: Shopper) -> Client:
    browser = Client(headers=OWN)
    browser.cookies["attention_key"] = sign_key(shopper.pk, "")
    return browser


def test_an_accept_on_its_way_does_not_bring_back_a_purpose(
    shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdrawn_meanwhile(monkeypatch, api, shopper, Purpose.MODEL_TRAIN)

    answer = key_of(shopper).post(CHOOSE, {"choice": "remember", "seen": "remember.1"})

    assert answer["Location"] == f"{PREFERENCES}?changed"
    assert ConsentState.objects.get().granted == BANNER_PURPOSES - {Purpose.MODEL_TRAIN}
    assert Decision.objects.count() == 2


def test_an_accept_on_its_way_makes_nobody_new_after_a_whole_no(
    shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdrawn_meanwhile(monkeypatch, api, shopper)

    answer = key_of(shopper).post(CHOOSE, {"choice": "remember", "seen": "remember.1"})

    assert answer["Location"] == f"{PREFERENCES}?changed"
    assert not Shopper.objects.exists()
    assert [row.kind for row in Decision.objects.order_by("sequence")] == ["granted", "withdrawn"]


def test_switches_on_their_way_turn_off_and_not_on(
    shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a page that showed everything off but the history
    services.withdraw(
        shopper_id=shopper.pk,
        purposes={Purpose.RECS_PERSONAL, Purpose.MODEL_TRAIN},
        actor="shopper",
    )
    services.grant_remember(request=request_of(shopper), purposes={Purpose.RECS_PERSONAL})
    withdrawn_meanwhile(monkeypatch, views, shopper, Purpose.ANALYTICS)

    # When it swaps two switches while another window turns the third off
    form = {"action": "purposes", "purposes": ["analytics", "model.train"], "seen": "remember.2"}
    answer = key_of(shopper).post(PREFERENCES, form)

    # Then only the no of this page is carried out
    assert answer.status_code == 409
    assert not ConsentState.objects.filter(purposes__gt=0).exists()


def test_ones_own_switches_may_turn_one_off_and_another_on(shopper: Shopper) -> None:
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    form = {"action": "purposes", "purposes": ["analytics", "model.train"], "seen": "remember.2"}

    assert key_of(shopper).post(PREFERENCES, form).status_code == 303

    assert ConsentState.objects.get().granted == {Purpose.ANALYTICS, Purpose.MODEL_TRAIN}


def test_a_visit_chosen_on_a_text_that_is_being_replaced_does_not_begin(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a choice whose text was still the current one when it was looked at
    old = current_policy(site_id=site.pk)
    publish_policy(site=site, texts=NEXT, is_material=True)
    monkeypatch.setattr(services, "require_current", lambda policy: None)
    request = request_of()

    # When a material version comes before the visit begins, then it does not begin
    with pytest.raises(PolicyOutdated):
        services.start_visit(request=request, policy=old)
    assert request.visitor.visit is None  # type: ignore[attr-defined]


def test_who_asks_to_keep_what_a_new_text_let_rest_has_it_kept(shopper: Shopper) -> None:
    # Given permissions that wait for an answer to a changed text, and would go with its date
    publish_policy(site=shopper.site, texts=NEXT, is_material=True)
    assert ConsentState.objects.get().suspended_at is not None

    # When the person asks to keep everything and use nothing
    assert restrict(shopper_id=shopper.pk, how=HOW) is True

    # Then it has no date any more, the ledger says so, and asking again changes nothing
    state = ConsentState.objects.get()
    assert state.is_restricted
    assert (state.granted, state.resting) == (frozenset(), BANNER_PURPOSES)
    last = Decision.objects.order_by("-sequence")[0]
    assert last.details == {"restricted": "analytics model.train recs.personal"}
    assert restrict(shopper_id=shopper.pk, how=HOW) is False

    # And lifting it grants nothing that the new text was not asked for
    assert lift(shopper_id=shopper.pk, how=HOW) is True
    state = ConsentState.objects.get()
    assert (state.granted, state.is_restricted) == (frozenset(), False)


def test_a_no_in_a_browser_with_a_replaced_key_reaches_the_account(site: Site) -> None:
    # Given an account whose history was replaced, and a browser that still has the old key
    user = get_user_model().objects.create_user("ann")
    old = new_shopper(site, user)
    Shopper.objects.filter(pk=old.pk).update(user=None)
    current = new_shopper(site, user)

    # When the person says no there
    services.refuse(request=request_of(old, user))

    # Then the account allows nothing either
    assert account_shopper(site_id=site.pk, user=user) == current
    assert ConsentState.objects.get(pk=current.pk).granted == frozenset()


def test_a_history_that_was_linked_a_moment_ago_is_not_discarded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a browser's history that one window links to the account
    user = get_user_model().objects.create_user("ann")
    shopper = new_shopper(site)
    lock_state = services.decisions.lock_state

    def linked_first(shopper_id: Any) -> Any:
        monkeypatch.setattr(services.decisions, "lock_state", lock_state)
        services.decisions.link(shopper_id=shopper_id, user=user, how=HOW)
        return lock_state(shopper_id)

    monkeypatch.setattr(services.decisions, "lock_state", linked_first)

    # When another one throws it away at the same time
    services.discard(shopper_id=shopper.pk, source="login")

    # Then the account keeps it, and all it ever ordered
    assert ConsentState.objects.get().granted == BANNER_PURPOSES
    assert [row.kind for row in Decision.objects.order_by("sequence")] == ["granted", "linked"]

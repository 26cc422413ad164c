"""An event that came with Global Privacy Control carries no permission the signal keeps off."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import orjson
import pytest
from django.db import transaction
from django.http import HttpRequest
from django.test import Client

from consent.gate import Permit, lock_permits, permit
from consent.page_stamp import stamp
from consent.purposes import BANNER_PURPOSES, GPC_BLOCKED, Purpose, to_mask
from consent.services import grant_remember
from consent.visitor import read_visitor, sign_key
from recommender.events import identifiers
from recommender.events.kinds import Kind
from recommender.events.models import Event
from recommender.events.records import Verdict
from recommender.events.services import record

Remembered = Callable[..., HttpRequest]

EVERYTHING = BANNER_PURPOSES | GPC_BLOCKED
ALWAYS = {Purpose.NECESSARY}


def signaling(request: HttpRequest) -> HttpRequest:
    """The same person's browser, which sends the signal now."""
    request.META["HTTP_SEC_GPC"] = "1"
    request.COOKIES["attention_key"] = sign_key(request.shopper.pk, "")  # type: ignore[attr-defined]
    request.visitor = read_visitor(request)  # type: ignore[attr-defined]
    return request


@pytest.mark.django_db
def test_what_the_shop_records_under_the_signal_may_not_serve_ads(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    # Given a person who allowed ads, too, in a browser that sends no signal
    request = remembered(purposes=EVERYTHING)
    record(request=request, kind=Kind.VIEW, product_key="tea")
    assert Event.rows.get().purposes == to_mask(EVERYTHING | ALWAYS)
    Event.rows.all().delete()

    # When another browser of theirs sends it
    outcome = record(request=signaling(request), kind=Kind.VIEW, product_key="tea")

    # Then the event is kept for the rest alone
    assert outcome.verdict is Verdict.ACCEPTED
    assert Event.rows.get().purposes == to_mask(BANNER_PURPOSES | ALWAYS)


@pytest.mark.django_db(transaction=True)
def test_an_event_deferred_to_the_hosts_commit_remembers_the_signal(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = signaling(remembered(purposes=EVERYTHING))
    with transaction.atomic():
        outcome = record(request=request, kind=Kind.VIEW, product_key="tea")
        assert outcome.verdict is Verdict.DEFERRED
    assert Event.rows.get().purposes == to_mask(BANNER_PURPOSES | ALWAYS)


@pytest.mark.django_db
def test_the_beacon_hears_the_signal(
    shop: SimpleNamespace, remembered: Remembered, browser: Callable[..., Client]
) -> None:
    request = remembered(purposes=EVERYTHING)
    event = {"id": str(identifiers.mint()), "kind": "view", "product": "tea"}
    batch = orjson.dumps({"v": 1, "page": stamp(signaling(request)), "events": [event]})

    answer = browser(request.shopper).post(
        "/attention/events/", batch, content_type="application/json", headers={"sec-gpc": "1"}
    )

    assert answer.json()["accepted"] == 1
    assert Event.rows.get().purposes == to_mask(BANNER_PURPOSES | ALWAYS)


@pytest.mark.django_db
def test_what_was_confirmed_against_the_signal_stays(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = signaling(remembered(purposes=BANNER_PURPOSES))
    confirmed = {Purpose.ADS_MEASURE}
    grant_remember(request=request, purposes=confirmed, confirmed=confirmed)

    record(request=request, kind=Kind.VIEW, product_key="tea")

    assert Event.rows.get().purposes == to_mask(BANNER_PURPOSES | confirmed | ALWAYS)


@pytest.mark.django_db
def test_no_permit_names_what_the_signal_keeps_off(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = signaling(remembered(purposes=EVERYTHING))
    answer = permit(request.visitor, Purpose.RECS_PERSONAL)  # type: ignore[attr-defined]
    assert isinstance(answer, Permit)
    assert answer.purposes == BANNER_PURPOSES | ALWAYS

    key = request.shopper.pk  # type: ignore[attr-defined]
    with transaction.atomic():
        assert not lock_permits([key], Purpose.ADS_PERSONAL, gpc=True)[key]
        assert lock_permits([key], Purpose.ADS_PERSONAL)[key]

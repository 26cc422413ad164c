"""What an old page, a queue or a slow browser still brings is judged by what was allowed then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consent import services
from consent.decisions import Circumstances, grant
from consent.gate import permit
from consent.models import ConsentState, Shopper
from consent.page_stamp import stamp
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.visitor import Level, read_visitor, sign_key
from recommender.events import identifiers
from recommender.events.selectors import count_events

pytestmark = pytest.mark.django_db

Remembered = Callable[..., HttpRequest]
Browser = Callable[..., Client]


def event(at: Any = None) -> dict[str, Any]:
    moment = identifiers.to_milliseconds(at or timezone.now())
    name = identifiers.derived(milliseconds=moment, parts=(str(identifiers.mint()),))
    return {"id": str(name), "kind": "view", "product": "tea"}


def page_of(shopper: Shopper) -> str:
    """The stamp of a page that this person opens now."""
    request = RequestFactory().get("/")
    request.COOKIES["attention_key"] = sign_key(shopper.pk, "")
    request.visitor = read_visitor(request)  # type: ignore[attr-defined]
    return stamp(request)


def send(client: Client, page: str | None, *events: dict[str, Any]) -> list[tuple[str, str]]:
    batch = {"v": 1, "events": list(events)} | ({} if page is None else {"page": page})
    answer = client.post("/attention/events/", batch, content_type="application/json").json()
    return [(each["verdict"], each.get("cause", "")) for each in answer["events"]]


def switch_training(shopper: Shopper) -> None:
    """Withdraw one purpose and grant it again: the same person, two decisions later."""
    purposes = {Purpose.MODEL_TRAIN}
    services.withdraw(shopper_id=shopper.pk, purposes=purposes, actor="shopper")
    policy = ConsentState.objects.select_related("policy").get(pk=shopper.pk).policy
    assert policy is not None
    how = Circumstances(actor="shopper", source="preferences")
    assert grant(shopper_id=shopper.pk, purposes=purposes, policy=policy, how=how)


def test_a_page_of_now_is_heard(
    shop: SimpleNamespace, remembered: Remembered, browser: Browser
) -> None:
    shopper = remembered().shopper

    assert send(browser(shopper), page_of(shopper), event()) == [("accepted", "")]


def test_a_page_from_before_a_withdrawal_is_refused_after_a_new_grant(
    shop: SimpleNamespace, remembered: Remembered, browser: Browser
) -> None:
    shopper = remembered().shopper
    old = page_of(shopper)
    switch_training(shopper)

    # Even with a clock that is ahead: the page itself is too old.
    ahead = event(timezone.now() + timedelta(minutes=4))
    assert send(browser(shopper), old, ahead) == [("refused", "old_page")]
    assert count_events(shopper_id=shopper.pk) == 0
    assert send(browser(shopper), page_of(shopper), event()) == [("accepted", "")]


def test_a_page_of_somebody_else_is_refused(
    shop: SimpleNamespace, remembered: Remembered, browser: Browser
) -> None:
    first, second = remembered().shopper, remembered().shopper

    assert send(browser(second), page_of(first), event()) == [("refused", "old_page")]
    assert count_events(shopper_id=second.pk) == 0


@pytest.mark.parametrize("page", ["", "x", "a.b.c", "k.AAAA.AAAA", "é"])
def test_what_is_no_stamp_counts_as_an_old_page(
    page: str, shop: SimpleNamespace, remembered: Remembered, browser: Browser
) -> None:
    shopper = remembered().shopper
    switch_training(shopper)

    assert send(browser(shopper), page, event()) == [("refused", "old_page")]
    assert send(browser(shopper), None, event()) == [("refused", "old_page")]
    assert count_events(shopper_id=shopper.pk) == 0


def test_a_batch_without_stamp_is_heard_of_who_never_withdrew(
    shop: SimpleNamespace, remembered: Remembered, browser: Browser
) -> None:
    shopper = remembered().shopper

    assert send(browser(shopper), None, event()) == [("accepted", "")]


def test_what_was_done_before_the_decision_is_not_stored_under_it(
    shop: SimpleNamespace, remembered: Remembered, browser: Browser
) -> None:
    # Given events queued while nothing was allowed
    queued = [event(timezone.now() - timedelta(seconds=seconds)) for seconds in (3600, 60, 1)]
    shopper = remembered().shopper

    verdicts = send(browser(shopper), page_of(shopper), *queued, event())

    assert verdicts == [("refused", "before_decision")] * 3 + [("accepted", "")]
    assert count_events(shopper_id=shopper.pk) == 1


def test_a_stamp_says_nothing_and_is_another_one_on_every_page(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    shopper = remembered().shopper
    stamps = {page_of(shopper) for _ in range(20)}

    assert len(stamps) == 20
    assert len({text.split(".")[1] for text in stamps}) == 20
    assert not any(shopper.pk.hex in text or str(shopper.pk) in text for text in stamps)


@pytest.mark.parametrize("level", [Level.UNDECIDED, Level.OFF, Level.VISIT])
def test_who_is_not_remembered_gets_no_stamp(
    level: Level, of_level: Callable[[Level], HttpRequest], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert stamp(of_level(level)) == ""


def test_a_stamp_costs_nothing_where_the_gate_was_asked(
    site: Site, remembered: Remembered, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = remembered(purposes=BANNER_PURPOSES)
    assert permit(request.visitor, Purpose.RECS_PERSONAL)  # type: ignore[attr-defined]

    with django_assert_num_queries(0):
        assert stamp(request)

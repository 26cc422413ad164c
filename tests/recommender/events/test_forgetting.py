"""Forgetting one product, and visits that are a gift."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest
from django.template import engines
from django.test import Client, RequestFactory
from django.utils import timezone

from consent import keys
from consent.gift import end_gift, start_gift
from consent.visit_record import Visit, label_for
from recommender.events import identifiers
from recommender.events.kinds import Kind
from recommender.events.models import Event, RefusalCount
from recommender.events.selectors import products_of
from recommender.events.services import Cause, OrderedUnit, Verdict, record, record_order

pytestmark = pytest.mark.django_db

Remembered = Callable[..., HttpRequest]


def looked(request: HttpRequest, *products: str) -> None:
    for key in products:
        assert record(request=request, kind=Kind.VIEW, product_key=key)


def beacon(client: Client, key: str, event_id: Any = None) -> Any:
    event = {"id": str(event_id or identifiers.mint()), "kind": "view", "product": key}
    batch = {"v": 1, "events": [event]}
    return client.post("/attention/events/", batch, content_type="application/json")


def test_forgetting_deletes_every_event_with_the_product_and_no_other(
    shop: SimpleNamespace, remembered: Remembered, browser: Callable[..., Client]
) -> None:
    # Given two people who did things with two products
    one, two = remembered(), remembered()
    for request in (one, two):
        looked(request, "tea", "cup")
        assert record(request=request, kind=Kind.HIDE, product_key="tea")

    # When one of them forgets a product
    client = browser(one.shopper)  # type: ignore[attr-defined]
    response = client.post("/attention/forget/", {"product": "tea"})

    # Then nothing of it is left of them, and everything else is as it was
    assert (response.status_code, response["Location"]) == (303, "/attention/history/?forgotten")
    own = Event.rows.filter(shopper=one.shopper)  # type: ignore[attr-defined]
    assert [row.product.host_key for row in own.select_related("product")] == ["cup"]
    assert Event.rows.filter(shopper=two.shopper).count() == 3  # type: ignore[attr-defined]

    # And a new view brings it back
    looked(one, "tea")
    assert products_of(shopper_id=one.shopper.pk, limit=5) == ["tea", "cup"]  # type: ignore[attr-defined]


def test_forgetting_twice_or_what_is_unknown_does_nothing(
    shop: SimpleNamespace, remembered: Remembered, browser: Callable[..., Client]
) -> None:
    request = remembered()
    looked(request, "cup")
    client = browser(request.shopper)  # type: ignore[attr-defined]
    for product in ("tea", "nothing", "", "x" * 500, "\x00"):
        assert client.post("/attention/forget/", {"product": product}).status_code == 303
    assert Event.rows.count() == 1


def test_only_the_shops_own_pages_can_forget(
    shop: SimpleNamespace, remembered: Remembered, browser: Callable[..., Client]
) -> None:
    request = remembered()
    looked(request, "tea")
    client = browser(request.shopper)  # type: ignore[attr-defined]
    response = client.post(
        "/attention/forget/", {"product": "tea"}, headers={"origin": "https://elsewhere.example"}
    )
    assert response.status_code == 403
    assert client.get("/attention/forget/").status_code == 405
    assert Event.rows.count() == 1


def test_in_a_visit_the_product_leaves_the_cookie(
    shop: SimpleNamespace, browser: Callable[..., Client]
) -> None:
    client = browser()
    visit = Visit.begin().with_product("tea").with_product("cup")
    client.cookies["attention_visit"] = keys.sign(label_for(""), visit.to_bytes())
    assert "Forget this product" in client.get("/attention/history/").content.decode()
    client.post("/attention/forget/", {"product": "tea"})
    kept = Visit.from_bytes(keys.unsign(label_for(""), client.cookies["attention_visit"].value))
    assert kept.products == ("cup",)


def test_the_history_page_shows_the_persons_products_newest_first(
    shop: SimpleNamespace, remembered: Remembered, browser: Callable[..., Client]
) -> None:
    request = remembered()
    looked(request, "tea", "cup")
    assert record(request=request, kind=Kind.IMPRESSION, product_key="pot")
    looked(remembered(), "pot")
    page = browser(request.shopper).get("/attention/history/")  # type: ignore[attr-defined]
    text = page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert text.index(">Cup</a>") < text.index(">Tea</a>")
    assert "Pot" not in text
    assert "cannot be undone" in text


def test_the_history_page_of_nobody_is_empty_and_sets_no_cookie(
    shop: SimpleNamespace, browser: Callable[..., Client]
) -> None:
    page = browser().get("/attention/history/")
    assert "Nothing is kept of you here." in page.content.decode()
    assert dict(page.cookies) == {}


def test_a_gift_visit_leaves_no_event(
    shop: SimpleNamespace, remembered: Remembered, browser: Callable[..., Client]
) -> None:
    # Given a remembered person who shops for somebody else
    request = remembered()
    assert start_gift(request=request) is True

    # When they look, order, and an old page reports
    seen = record(request=request, kind=Kind.VIEW, product_key="tea")
    ordered = record_order(request=request, order_key="7", lines=[OrderedUnit("tea", 1, 5_000_000)])
    client = browser(request.shopper)  # type: ignore[attr-defined]
    client.cookies["attention_gift"] = "on"
    reported = beacon(client, "tea").json()

    # Then nothing is stored, and it is counted that something was refused
    assert [seen.cause, ordered[0].cause] == [Cause.CONSENT] * 2
    assert (reported["accepted"], reported["refused"]) == (0, 1)
    assert not Event.rows.exists()
    assert sum(RefusalCount.objects.values_list("count", flat=True)) == 1


def test_what_was_done_during_a_gift_is_refused_afterwards_too(
    shop: SimpleNamespace, remembered: Remembered, browser: Callable[..., Client]
) -> None:
    # Given an event of the gift visit that an old page still holds
    request = remembered()
    start_gift(request=request)
    during = identifiers.mint()

    # When the visit is switched back, and the page reports both that event and a new one
    assert end_gift(request=request) is True
    moment = timezone.now()
    client = browser(request.shopper)  # type: ignore[attr-defined]
    client.cookies["attention_gift"] = f"off-{identifiers.to_milliseconds(moment) + 1}"
    late = beacon(client, "tea", during).json()
    after = identifiers.derived(
        milliseconds=identifiers.to_milliseconds(moment + timedelta(seconds=1)), parts=("after",)
    )
    fresh = beacon(client, "cup", after).json()

    # Then only the new one is kept
    assert late["events"][0] == {
        "id": str(during),
        "verdict": Verdict.REFUSED.value,
        "cause": Cause.CONSENT.value,
    }
    assert fresh["accepted"] == 1
    assert [row.product.host_key for row in Event.rows.select_related("product")] == ["cup"]


def test_a_gift_in_a_visit_keeps_the_cookie_as_it_is(
    shop: SimpleNamespace, browser: Callable[..., Client]
) -> None:
    client = browser()
    token = keys.sign(label_for(""), Visit.begin().with_product("tea").to_bytes())
    client.cookies["attention_visit"] = token
    client.cookies["attention_gift"] = "on"
    assert beacon(client, "cup").json()["refused"] == 1
    assert client.cookies["attention_visit"].value == token


def test_in_a_gift_visit_no_script_reports(
    shop: SimpleNamespace, remembered: Remembered, rf: RequestFactory
) -> None:
    request = remembered()
    template = engines["django"].from_string("{% load attention %}{% attention_script %}")
    assert "attention.js" in template.render({}, request)
    start_gift(request=request)
    assert template.render({}, request) == ""

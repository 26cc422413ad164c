"""Events as a holding: shown, exported, erased, kept no longer than stated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest
from django.utils import timezone

from consent.holdings import all_holdings
from consent.models import ConsentState, Shopper
from consent.purposes import Purpose
from consent.rights.models import Door
from consent.rights.people import Person
from consent.rights.selectors import export_of, held_of
from consent.services import erase, withdraw
from recommender.catalog.models import Category
from recommender.events.draft import Draft
from recommender.events.identifiers import mint
from recommender.events.kinds import Kind
from recommender.events.models import Event, RefusalCount
from recommender.events.records import Cause
from recommender.events.refusals import count_refusals
from recommender.events.retention import apply_retention, delete_counts
from recommender.events.services import record
from recommender.events.sinks import database

pytestmark = pytest.mark.django_db

Remembered = Callable[..., HttpRequest]
LABEL = "attention_recommender.events"


def views(request: HttpRequest, count: int) -> None:
    for _ in range(count):
        record(request=request, kind=Kind.VIEW, product_key="tea")


def write_views(shop: SimpleNamespace, request: HttpRequest, count: int) -> None:
    shopper_id = request.shopper.pk  # type: ignore[attr-defined]
    draft = Draft(shopper_id, mint(), Kind.VIEW, timezone.now(), shop.products["tea"].pk)
    drafts = [draft._replace(id=mint()) for _ in range(count)]
    database.write_many(site_id=shop.site.pk, drafts=drafts)


def age(days: int, **conditions: Any) -> None:
    Event.rows.filter(**conditions).update(received_at=timezone.now() - timedelta(days=days))


def test_a_person_sees_and_takes_along_their_events(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    record(request=request, kind=Kind.ORDER, product_key="tea", value=2, price_micros=4_000_000)
    views(remembered(), 1)

    person = Person(shop.site.pk, Door.BROWSER, request.shopper.pk)
    (held,) = [each for each in held_of(person=person) if each.label == LABEL]
    assert (held.count, held.purpose) == (1, Purpose.ANALYTICS)
    assert "365" in str(held.retention)
    (exported,) = [each for each in export_of(person=person)["holdings"] if each["label"] == LABEL]
    event = Event.rows.get(shopper=request.shopper)
    assert exported["rows"] == [
        {
            "id": str(event.id),
            "kind": "order",
            "occurred_at": event.occurred_at,
            "received_at": event.received_at,
            "visit": str(event.visit),
            "product": "tea",
            "product_title": "Tea",
            "category": None,
            "placement": None,
            "slate": None,
            "position": None,
            "value": 2,
            "price_micros": 4_000_000,
            "decision": event.consent_seq,
        }
    ]


def test_erasing_goes_by_the_limit_oldest_first(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    views(request, 5)
    views(remembered(), 2)
    (holding,) = [each for each in all_holdings() if each.label == LABEL]
    newest = list(Event.rows.filter(shopper=request.shopper).order_by("id"))[2:]

    assert holding.erase(request.shopper.pk, 2) == 2
    assert list(Event.rows.filter(shopper=request.shopper).order_by("id")) == newest
    assert holding.erase(request.shopper.pk, None) == 3
    assert holding.erase(request.shopper.pk, 10) == 0
    assert Event.rows.count() == 2


def test_withdrawing_collection_deletes_the_events_and_no_one_elses(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request, other = remembered(), remembered()
    views(request, 3)
    views(other, 1)

    withdraw(shopper_id=request.shopper.pk, purposes={Purpose.ANALYTICS}, actor="shopper")

    assert {event.shopper_id for event in Event.rows.all()} == {other.shopper.pk}


def test_withdrawing_training_alone_keeps_the_events(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    views(request, 3)

    withdraw(shopper_id=request.shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")

    assert Event.rows.count() == 3


def test_erasing_a_person_leaves_nothing(shop: SimpleNamespace, remembered: Remembered) -> None:
    request = remembered()
    views(request, 3)

    erase(shopper_id=request.shopper.pk, actor="shopper")

    assert not Event.rows.exists()
    assert not Shopper.objects.exists()


def test_a_row_goes_when_every_purpose_is_through_with_it(
    shop: SimpleNamespace, remembered: Remembered, settings: Any
) -> None:
    days = {"analytics": 10, "recs.personal": 20, "model.train": 30}
    settings.ATTENTION_RECOMMENDER = {
        **settings.ATTENTION_RECOMMENDER,
        "EVENT_RETENTION_DAYS": days,
    }
    learning = remembered()
    measured = remembered(purposes=frozenset({Purpose.ANALYTICS}))
    views(learning, 2)
    views(measured, 2)
    age(25)
    views(learning, 1)
    views(measured, 1)

    swept = apply_retention()

    assert swept.old == 2
    assert Event.rows.filter(shopper=learning.shopper).count() == 3
    assert Event.rows.filter(shopper=measured.shopper).count() == 1
    age(31)
    assert apply_retention().rows == 4
    assert not Event.rows.exists()


def test_retention_takes_what_should_not_be_there(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    stray, other = remembered(), remembered()
    views(stray, 2)
    ConsentState.objects.filter(pk=stray.shopper.pk).update(purposes=0)
    record(request=other, kind=Kind.VIEW, product_key="tea")
    record(request=other, kind=Kind.SEARCH, value=3)

    assert apply_retention().without_permission == 2
    Category.objects.filter(host_key="kitchen").update(sensitive=True)
    assert apply_retention().sensitive == 1
    assert [event.kind for event in Event.rows.all()] == [Kind.SEARCH.code]


def test_more_rows_than_one_statement_deletes(
    shop: SimpleNamespace, remembered: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.events.retention.BATCH", 2)
    monkeypatch.setattr("recommender.events.retention.SHOPPERS", 1)
    for _ in range(3):
        views(remembered(), 5)
    age(400)

    assert apply_retention().old == 15


def test_refusals_are_counted_by_hour_and_go_in_time(site: Any) -> None:
    now = timezone.now()
    for at in (now, now, now - timedelta(days=401)):
        count_refusals(site_id=site.pk, causes={Cause.BAD_ID: 2, Cause.CONSENT: 1}, at=at)

    today = now.replace(minute=0, second=0, microsecond=0)
    assert list(
        RefusalCount.objects.filter(hour=today).order_by("cause").values_list("cause", "count")
    ) == [("bad_id", 4), ("consent", 2)]
    assert delete_counts(now=now) == 2
    assert RefusalCount.objects.count() == 2


def test_a_full_batch_fits_in_one_statement(shop: SimpleNamespace, remembered: Remembered) -> None:
    (holding,) = [each for each in all_holdings() if each.label == LABEL]
    request = remembered()
    write_views(shop, request, 1200)

    assert holding.erase(request.shopper.pk, 1000) == 1000
    assert Event.rows.count() == 200

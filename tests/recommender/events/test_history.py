"""What may be read of events: the live history and the rows of training."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from consent.gate import Permit, permit_shopper
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.services import withdraw
from recommender.catalog.models import Category
from recommender.events import identifiers
from recommender.events.kinds import Kind
from recommender.events.models import Event, KindWeight
from recommender.events.records import EventRow, HistoryItem, TrainingRow
from recommender.events.selectors import (
    has_training_rows,
    hidden_keys,
    kind_weights,
    recent_history,
    training_rows,
    weighted_kinds,
)
from recommender.events.services import record
from recommender.events.sinks.table import insert_counted

pytestmark = pytest.mark.django_db

Remembered = Callable[..., HttpRequest]


def permitted(request: HttpRequest) -> Permit:
    answer = permit_shopper(request.shopper.pk, Purpose.RECS_PERSONAL)  # type: ignore[attr-defined]
    assert isinstance(answer, Permit)
    return answer


def fill(shop: SimpleNamespace, request: HttpRequest, kinds: list[tuple[Kind, str]]) -> None:
    """Put events into the table, one a second, the last one now."""
    now = timezone.now()
    start = now - timedelta(seconds=len(kinds))
    rows = []
    for place, (kind, key) in enumerate(kinds):
        moment = start + timedelta(seconds=place + 1)
        rows.append(
            EventRow(
                shopper_id=request.shopper.pk,  # type: ignore[attr-defined]
                id=identifiers.derived(
                    milliseconds=identifiers.to_milliseconds(moment), parts=(str(place),)
                ),
                site_id=shop.site.pk,
                visit=None,
                kind=kind.code,
                product_id=shop.products[key].pk,
                category_id=None,
                placement="",
                slate=None,
                position=None,
                value=None,
                price_micros=None,
                purposes=0b1111,
                consent_seq=1,
                occurred_at=moment,
                received_at=now,
            )
        )
    insert_counted(connection, rows)


def test_a_history_is_the_newest_events_newest_last(
    shop: SimpleNamespace, remembered: Remembered, django_assert_num_queries: Any
) -> None:
    request = remembered()
    record(request=request, kind=Kind.VIEW, product_key="tea")
    record(request=request, kind=Kind.CART_ADD, product_key="cup", value=2)
    record(request=request, kind=Kind.VIEW)
    permit = permitted(request)

    with django_assert_num_queries(1):
        history = recent_history(permit=permit, limit=50)

    events = {event.product_id: event for event in Event.rows.exclude(product=None)}
    tea, cup = shop.products["tea"].pk, shop.products["cup"].pk
    assert history == [
        HistoryItem(tea, "tea", Kind.VIEW, None, events[tea].occurred_at),
        HistoryItem(cup, "cup", Kind.CART_ADD, 2, events[cup].occurred_at),
    ]


def test_a_history_keeps_to_its_limit(shop: SimpleNamespace, remembered: Remembered) -> None:
    request = remembered()
    fill(shop, request, [(Kind.VIEW, "tea")] * 30 + [(Kind.VIEW, "cup")] * 3)

    history = recent_history(permit=permitted(request), limit=5)

    assert [item.host_key for item in history] == ["tea", "tea", "cup", "cup", "cup"]


def test_kinds_without_weight_stay_out(shop: SimpleNamespace, remembered: Remembered) -> None:
    request = remembered()
    fill(shop, request, [(kind, "tea") for kind in Kind])

    history = recent_history(permit=permitted(request))

    assert [item.kind for item in history if not item.kind.default_weight] == [
        Kind.HIDE,
        Kind.LESS_LIKE_THIS,
    ]
    assert {item.kind for item in history} == {
        Kind.VIEW,
        Kind.CLICK,
        Kind.FAVORITE,
        Kind.CART_ADD,
        Kind.SHARE,
        Kind.HIDE,
        Kind.LESS_LIKE_THIS,
        Kind.ORDER,
        Kind.RATING,
        Kind.REVIEW,
        Kind.COMMENT,
    }


def test_a_site_decides_what_counts(shop: SimpleNamespace, remembered: Remembered) -> None:
    request = remembered()
    fill(shop, request, [(Kind.VIEW, "tea"), (Kind.DWELL, "cup"), (Kind.ORDER, "pot")])
    KindWeight.objects.create(site=shop.site, kind=Kind.VIEW.code, weight=0)
    KindWeight.objects.create(site=shop.site, kind=Kind.DWELL.code, weight=0.5)

    history = recent_history(permit=permitted(request))

    assert [item.host_key for item in history] == ["cup", "pot"]
    assert kind_weights(site=shop.site)[Kind.DWELL] == 0.5
    assert Kind.VIEW not in weighted_kinds(site=shop.site)


def test_what_was_hidden_long_ago_stays_hidden(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    fill(shop, request, [(Kind.HIDE, "pot")] + [(Kind.VIEW, "tea")] * 60)

    history = recent_history(permit=permitted(request), limit=10)

    assert len(history) == 11
    assert hidden_keys(history) == {"pot"}


def test_products_that_became_sensitive_leave_history_and_training(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    fill(shop, request, [(Kind.VIEW, "tea")])
    Category.objects.filter(host_key="kitchen").update(sensitive=True)

    assert recent_history(permit=permitted(request)) == []
    assert list(training_rows(site=shop.site, cut=timezone.now())) == []


def keep(settings: Any, days: dict[str, int]) -> None:
    own = settings.ATTENTION_RECOMMENDER
    settings.ATTENTION_RECOMMENDER = {**own, "EVENT_RETENTION_DAYS": days}


def test_events_older_than_the_days_of_the_purpose_are_not_read(
    shop: SimpleNamespace, remembered: Remembered, settings: Any
) -> None:
    request = remembered()
    fill(shop, request, [(Kind.VIEW, "tea")])
    Event.rows.update(received_at=timezone.now() - timedelta(days=31))
    days = {"analytics": 365, "recs.personal": 30, "model.train": 365}
    settings.ATTENTION_RECOMMENDER = {
        **settings.ATTENTION_RECOMMENDER,
        "EVENT_RETENTION_DAYS": days,
    }

    assert recent_history(permit=permitted(request)) == []
    assert has_training_rows(site=shop.site)


def test_another_purpose_opens_no_history(shop: SimpleNamespace, remembered: Remembered) -> None:
    answer = permit_shopper(remembered().shopper.pk, Purpose.ANALYTICS)
    assert isinstance(answer, Permit)

    with pytest.raises(PermissionError):
        recent_history(permit=answer)


def test_histories_of_two_people_never_mix(shop: SimpleNamespace, remembered: Remembered) -> None:
    first, second = remembered(), remembered()
    record(request=first, kind=Kind.VIEW, product_key="tea")
    record(request=second, kind=Kind.VIEW, product_key="cup")

    assert [item.host_key for item in recent_history(permit=permitted(first))] == ["tea"]
    assert [item.host_key for item in recent_history(permit=permitted(second))] == ["cup"]


def test_ten_thousand_events_are_one_quick_query(
    shop: SimpleNamespace, remembered: Remembered, django_assert_num_queries: Any
) -> None:
    request = remembered()
    kinds = [Kind.IMPRESSION, Kind.VIEWABLE, Kind.VIEW, Kind.DWELL, Kind.CLICK]
    fill(shop, request, [(kinds[n % 5], "tea") for n in range(10_000)])
    permit = permitted(request)
    recent_history(permit=permit)

    started = time.perf_counter()
    with django_assert_num_queries(1):
        history = recent_history(permit=permit, limit=50)

    assert len(history) == 50
    assert time.perf_counter() - started < 0.1


def test_training_reads_by_shopper_and_time_what_was_and_is_permitted(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    learning = [remembered() for _ in range(2)]
    never = remembered(purposes=frozenset(BANNER_PURPOSES - {Purpose.MODEL_TRAIN}))
    no_more = remembered()
    for request in (*learning, never, no_more):
        record(request=request, kind=Kind.VIEW, product_key="tea")
        record(request=request, kind=Kind.ORDER, product_key="cup", value=2)
        record(request=request, kind=Kind.IMPRESSION, product_key="pot")
    withdraw(shopper_id=no_more.shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")

    rows = list(training_rows(site=shop.site, cut=timezone.now()))

    expected = [
        TrainingRow(
            event.shopper_id,
            event.product_id,
            int(event.occurred_at.timestamp()),
            event.kind,
            event.value or 0,
            event.id,
            event.consent_seq,
        )
        for event in Event.rows.filter(
            shopper_id__in=[each.shopper.pk for each in learning], kind__in=[3, 15]
        ).order_by("shopper_id", "id")
    ]
    assert rows == expected
    assert len(rows) == 4


def test_training_ends_at_its_cut(shop: SimpleNamespace, remembered: Remembered) -> None:
    cut = timezone.now()
    record(request=remembered(), kind=Kind.VIEW, product_key="tea")

    assert list(training_rows(site=shop.site, cut=cut)) == []
    assert has_training_rows(site=shop.site)

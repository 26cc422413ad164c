"""Facts the shop states: kept for whoever allowed it, for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from consent.purposes import Purpose, to_mask
from consent.visitor import Level, visitor_of
from recommender.events import identifiers
from recommender.events.kinds import BROWSER_KINDS, SERVER_KINDS, WITHOUT_PRODUCT, Kind
from recommender.events.models import Event, RefusalCount
from recommender.events.records import Cause, OrderedUnit, Verdict
from recommender.events.services import record, record_order

pytestmark = pytest.mark.django_db

Remembered = Callable[..., HttpRequest]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_kept_as_it_was_told(
    kind: Kind, shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    value = 1 if kind.largest_value else None

    outcome = record(
        request=request,
        kind=kind,
        product_key="tea",
        category_key="kitchen",
        value=value,
        price_micros=4_990_000,
        placement="home",
        slate=UUID(int=7),
        position=3,
    )

    assert outcome.verdict is Verdict.ACCEPTED
    event = Event.rows.get()
    assert (event.pk, event.kind, event.value) == (
        (request.shopper.pk, outcome.event_id),
        kind.code,
        value,
    )
    assert (event.product, event.category) == (shop.products["tea"], shop.categories["kitchen"])
    assert (event.placement, event.slate, event.position) == ("home", UUID(int=7), 3)
    assert event.price_micros == 4_990_000
    assert event.site == shop.site


def test_a_row_carries_the_decision_that_allowed_it(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()

    record(request=request, kind=Kind.VIEW, product_key="tea")

    event, state = Event.rows.get(), request.shopper.state
    granted = {Purpose.NECESSARY, Purpose.ANALYTICS, Purpose.RECS_PERSONAL, Purpose.MODEL_TRAIN}
    assert event.purposes == to_mask(granted)
    assert event.consent_seq == state.sequence
    assert event.received_at >= event.occurred_at
    assert abs(identifiers.milliseconds_of(event.id) - event.occurred_at.timestamp() * 1000) < 1000


def test_events_close_together_are_one_visit(shop: SimpleNamespace, remembered: Remembered) -> None:
    request = remembered()
    first = record(request=request, kind=Kind.VIEW, product_key="tea")
    record(request=request, kind=Kind.VIEW, product_key="cup")

    assert set(Event.rows.values_list("visit", flat=True)) == {first.event_id}


def test_after_half_an_hour_a_new_visit_begins(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    record(request=request, kind=Kind.VIEW, product_key="tea")
    Event.rows.update(occurred_at=datetime(2026, 1, 1, tzinfo=UTC))

    second = record(request=request, kind=Kind.VIEW, product_key="cup")

    assert Event.rows.get(id=second.event_id).visit == second.event_id


@pytest.mark.parametrize("level", [Level.UNDECIDED, Level.OFF])
def test_nothing_is_kept_of_whoever_allowed_nothing(
    level: Level,
    shop: SimpleNamespace,
    of_level: Callable[[Level], HttpRequest],
    django_assert_num_queries: Any,
) -> None:
    request = of_level(level)

    with django_assert_num_queries(0):
        outcome = record(request=request, kind=Kind.VIEW, product_key="tea")

    assert (outcome.verdict, outcome.cause, outcome.event_id) == (
        Verdict.REFUSED,
        Cause.CONSENT,
        None,
    )
    assert not Event.rows.exists()


def test_a_visit_keeps_views_in_its_cookie_alone(
    shop: SimpleNamespace, of_level: Callable[[Level], HttpRequest]
) -> None:
    request = of_level(Level.VISIT)

    for key in ("tea", "cup", "tea"):
        record(request=request, kind=Kind.VIEW, product_key=key)
    favorite = record(request=request, kind=Kind.FAVORITE, product_key="pot")
    sensitive = record(request=request, kind=Kind.VIEW, product_key="test")

    assert visitor_of(request).visit.products == ("cup", "tea")
    assert favorite.verdict is Verdict.NOT_KEPT
    assert sensitive.cause is Cause.SENSITIVE
    assert not Event.rows.exists()


def test_without_the_purpose_nothing_is_kept(shop: SimpleNamespace, remembered: Remembered) -> None:
    request = remembered(purposes=frozenset({Purpose.RECS_PERSONAL}))

    outcome = record(request=request, kind=Kind.VIEW, product_key="tea")

    assert outcome.cause is Cause.CONSENT
    assert not Event.rows.exists()


def test_a_shopper_of_another_site_is_refused(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    type(request.shopper.state).objects.update(site_id=_other_site())

    outcome = record(request=request, kind=Kind.VIEW, product_key="tea")

    assert outcome.cause is Cause.CONSENT
    assert not Event.rows.exists()


def _other_site() -> int:
    from django.contrib.sites.models import Site

    return Site.objects.create(domain="other.example", name="Other").pk


REFUSED: list[tuple[dict[str, Any], Cause]] = [
    ({"kind": Kind.CLICK}, Cause.MISSING_PRODUCT),
    ({"kind": Kind.VIEW, "product_key": "nothing"}, Cause.UNKNOWN_PRODUCT),
    ({"kind": Kind.VIEW, "product_key": "te\x00a"}, Cause.UNKNOWN_PRODUCT),
    ({"kind": Kind.VIEW, "product_key": "test"}, Cause.SENSITIVE),
    ({"kind": Kind.VIEW, "category_key": "health"}, Cause.SENSITIVE),
    ({"kind": Kind.VIEW, "category_key": "nothing"}, Cause.UNKNOWN_CATEGORY),
    ({"kind": Kind.ORDER, "product_key": "tea", "value": -1}, Cause.BAD_VALUE),
    ({"kind": Kind.ORDER, "product_key": "tea", "value": 10_001}, Cause.BAD_VALUE),
    ({"kind": Kind.RATING, "product_key": "tea", "value": 501}, Cause.BAD_VALUE),
    ({"kind": Kind.CLICK, "product_key": "tea", "value": 1}, Cause.BAD_VALUE),
    ({"kind": Kind.ORDER, "product_key": "tea", "price_micros": -1}, Cause.BAD_VALUE),
    ({"kind": Kind.CLICK, "product_key": "tea", "position": 40_000}, Cause.BAD_VALUE),
    ({"kind": Kind.CLICK, "product_key": "tea", "placement": "x" * 65}, Cause.BAD_VALUE),
    ({"kind": Kind.VIEW, "product_key": "tea", "event_id": UUID(int=5)}, Cause.BAD_ID),
    ({"kind": Kind.VIEW, "product_key": "tea", "event_id": uuid4()}, Cause.BAD_ID),
]


@pytest.mark.parametrize(("arguments", "cause"), REFUSED)
def test_what_is_refused_is_counted_and_not_kept(
    arguments: dict[str, Any], cause: Cause, shop: SimpleNamespace, remembered: Remembered
) -> None:
    outcome = record(request=remembered(), **arguments)

    assert (outcome.verdict, outcome.cause) == (Verdict.REFUSED, cause)
    assert not Event.rows.exists()
    assert list(RefusalCount.objects.values_list("cause", "count")) == [(cause.value, 1)]


def test_a_host_page_never_sees_an_error(
    shop: SimpleNamespace, remembered: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**kwargs: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("recommender.events.sinks.database.write", broken)

    outcome = record(request=remembered(), kind=Kind.VIEW, product_key="tea")

    assert outcome.cause is Cause.ERROR
    assert list(RefusalCount.objects.values_list("cause", "count")) == [("error", 1)]


def test_an_unknown_kind_is_an_error_of_the_host_and_not_of_the_page(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    outcome = record(request=remembered(), kind="teleport", product_key="tea")  # type: ignore[arg-type]

    assert outcome.cause is Cause.ERROR


@pytest.mark.django_db(transaction=True)
def test_inside_a_hosts_transaction_the_event_waits_for_the_commit(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    with transaction.atomic():
        outcome = record(request=request, kind=Kind.CART_ADD, product_key="tea", value=1)
        assert outcome.verdict is Verdict.DEFERRED
        assert not Event.rows.exists()

    assert Event.rows.get().id == outcome.event_id


@pytest.mark.django_db(transaction=True)
def test_what_the_host_rolls_back_never_happened(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    with transaction.atomic():
        record(request=request, kind=Kind.CART_ADD, product_key="tea", value=1)
        transaction.set_rollback(True)

    assert not Event.rows.exists()


def test_an_order_is_recorded_once_line_by_line(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    request = remembered()
    placed_at = timezone.now()
    lines = [OrderedUnit("tea", 2, 4_000_000), OrderedUnit("test", 1, 9_000_000)]

    first = record_order(request=request, order_key="17", lines=lines, occurred_at=placed_at)
    again = record_order(request=request, order_key="17", lines=lines, occurred_at=placed_at)

    assert [(each.verdict, each.cause) for each in first] == [
        (Verdict.ACCEPTED, None),
        (Verdict.REFUSED, Cause.SENSITIVE),
    ]
    assert again[0].verdict is Verdict.DUPLICATE
    event = Event.rows.get()
    assert (event.kind, event.value, event.price_micros) == (Kind.ORDER.code, 2, 4_000_000)
    assert event.occurred_at == placed_at


def test_kinds_are_a_closed_list_with_stable_codes() -> None:
    assert [(kind.value, kind.code) for kind in Kind] == [
        ("impression", 1),
        ("viewable", 2),
        ("view", 3),
        ("dwell", 4),
        ("search", 5),
        ("click", 6),
        ("favorite", 7),
        ("unfavorite", 8),
        ("cart_add", 9),
        ("cart_remove", 10),
        ("share", 11),
        ("hide", 12),
        ("less_like_this", 13),
        ("complaint", 14),
        ("order", 15),
        ("return", 16),
        ("rating", 17),
        ("review", 18),
        ("comment", 19),
    ]
    assert set(Kind) == BROWSER_KINDS | SERVER_KINDS
    assert not BROWSER_KINDS & SERVER_KINDS
    assert WITHOUT_PRODUCT <= BROWSER_KINDS
    assert all(kind.default_weight >= 0 for kind in Kind)


@pytest.mark.parametrize("placement", ["", 'a"b', "a\\b", "{,}", "NULL", " ", "größe"])
def test_any_placement_is_stored_as_it_is(
    placement: str, shop: SimpleNamespace, remembered: Remembered
) -> None:
    record(request=remembered(), kind=Kind.VIEW, product_key="tea", placement=placement)

    assert Event.rows.get().placement == placement

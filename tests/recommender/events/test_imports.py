"""Another system's history comes in once, through the gate, with its own times."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from django.contrib.sites.models import Site

from consent.purposes import BANNER_PURPOSES, Purpose
from consent.services import import_decisions
from recommender.events import identifiers
from recommender.events.kinds import Kind
from recommender.events.models import Event, RefusalCount
from recommender.events.records import Cause, ImportedEvent
from recommender.events.services import import_events

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2019, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)


@pytest.fixture
def people(site: Site, settings: object) -> Callable[..., list[UUID]]:
    """Return shoppers whose decisions were imported."""

    def make(count: int, purposes: frozenset[Purpose] = BANNER_PURPOSES) -> list[UUID]:
        made = import_decisions(
            site=site,
            count=count,
            purposes=purposes,
            importer="test",
            legal_basis="consent given in the old shop",
            evidence_hash="0" * 64,
        )
        return [shopper.pk for shopper in made]

    return make


def row(shopper_id: UUID, number: int = 0, **changes: object) -> ImportedEvent:
    event = ImportedEvent(
        shopper_id=shopper_id,
        source_id=f"line-{number}",
        kind=Kind.ORDER,
        occurred_at=LONG_AGO + timedelta(seconds=number),
        product_key="tea",
        value=2,
        price_micros=1_500_000,
        visit="basket-1",
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def test_rows_keep_the_times_of_their_source(
    shop: SimpleNamespace, people: Callable[..., list[UUID]]
) -> None:
    (shopper_id,) = people(1)

    report = import_events(site=shop.site, rows=[row(shopper_id)])

    assert (report.accepted, report.duplicate, report.refused) == (1, 0, {})
    event = Event.rows.get()
    assert event.occurred_at == LONG_AGO
    assert identifiers.milliseconds_of(event.id) == int(LONG_AGO.timestamp() * 1000)
    assert (event.kind, event.value, event.price_micros) == (15, 2, 1_500_000)
    assert event.product == shop.products["tea"]
    assert event.received_at > LONG_AGO + timedelta(days=365)
    assert event.purposes & Purpose.MODEL_TRAIN.bit


def test_importing_again_stores_nothing_new(
    shop: SimpleNamespace, people: Callable[..., list[UUID]]
) -> None:
    rows = [row(key, number) for key in people(3) for number in range(5)]

    first = import_events(site=shop.site, rows=rows)
    again = import_events(site=shop.site, rows=reversed(rows))

    assert (first.accepted, first.duplicate) == (15, 0)
    assert (again.accepted, again.duplicate) == (0, 15)
    assert Event.rows.count() == 15


def test_a_visit_of_the_source_is_one_visit_of_its_shopper(
    shop: SimpleNamespace, people: Callable[..., list[UUID]]
) -> None:
    first, second = people(2)
    rows = [row(first, 0), row(first, 1), row(second, 2), row(second, 3, visit=None)]

    import_events(site=shop.site, rows=rows)

    visits = [
        list(Event.rows.filter(shopper_id=k).order_by("id").values_list("visit", flat=True))
        for k in (first, second)
    ]
    assert visits[0][0] == visits[0][1] != visits[1][0]
    assert visits[1][1] is None


def test_each_cause_of_refusal_is_reported_and_counted(
    shop: SimpleNamespace, people: Callable[..., list[UUID]]
) -> None:
    (good,) = people(1)
    (without,) = people(1, frozenset({Purpose.RECS_PERSONAL}))
    rows = [
        row(good, 0),
        row(good, 1, product_key="nothing"),
        row(good, 2, product_key="test"),
        row(good, 3, product_key=None),
        row(good, 4, value=-1),
        row(good, 5, price_micros=-1),
        row(good, 6, occurred_at=datetime.now(UTC) + timedelta(hours=1)),
        row(good, 7, occurred_at=datetime(2020, 1, 1)),  # noqa: DTZ001
        row(good, 8, occurred_at=datetime(1960, 1, 1, tzinfo=UTC)),
        row(good, 9, source_id=""),
        row(without, 10),
        row(uuid4(), 11),
    ]

    report = import_events(site=shop.site, rows=rows)

    assert (report.accepted, report.read) == (1, 12)
    assert report.refused == {
        Cause.UNKNOWN_PRODUCT: 1,
        Cause.SENSITIVE: 1,
        Cause.MISSING_PRODUCT: 1,
        Cause.BAD_VALUE: 2,
        Cause.BAD_TIME: 3,
        Cause.BAD_ID: 1,
        Cause.CONSENT: 2,
    }
    assert dict(RefusalCount.objects.values_list("cause", "count")) == {
        cause.value: count for cause, count in report.refused.items()
    }
    assert Event.rows.get().shopper_id == good


def _import(shop: SimpleNamespace, people: Callable[..., list[UUID]], count: int) -> float:
    """Import ``count`` rows of as many people as it takes; return rows per second."""
    rows = [row(key, number) for key in people(count // 50) for number in range(50)]
    started = time.perf_counter()
    report = import_events(site=shop.site, rows=rows)
    pace = len(rows) / (time.perf_counter() - started)
    assert (report.accepted, report.refused) == (count, {})
    return pace


@pytest.mark.django_db(transaction=True)
def test_thousands_of_rows_are_imported(
    shop: SimpleNamespace, people: Callable[..., list[UUID]]
) -> None:
    _import(shop, people, 5_000)

    assert Event.rows.count() == 5_000


@pytest.mark.deep
@pytest.mark.django_db(transaction=True)
def test_a_hundred_thousand_rows_are_imported(
    shop: SimpleNamespace,
    people: Callable[..., list[UUID]],
    record_property: Callable[[str, object], None],
) -> None:
    pace = _import(shop, people, 100_000)

    assert Event.rows.count() == 100_000
    record_property("size", "100,000 rows")
    record_property("result", f"{pace:,.0f} rows/s")

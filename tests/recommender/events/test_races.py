"""Collection against withdrawal: no row commits after a withdrawal did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.http import HttpRequest

from consent.purposes import Purpose
from consent.services import withdraw
from recommender.events import identifiers
from recommender.events.draft import Draft
from recommender.events.kinds import Kind
from recommender.events.models import Event
from recommender.events.sinks import database

pytestmark = pytest.mark.django_db(transaction=True)

Remembered = Callable[..., HttpRequest]


def drafts(shopper_ids: list[UUID], product_id: int, each: int) -> list[Draft]:
    return [
        Draft(
            shopper_id=key,
            id=identifiers.mint(),
            kind=Kind.VIEW,
            occurred_at=datetime.now(UTC),
            product_id=product_id,
        )
        for key in shopper_ids
        for _ in range(each)
    ]


def collect(
    site: Site, shopper_id: UUID, product_id: int, start: threading.Event, stop: threading.Event
) -> None:
    """Write as the beacon does."""
    try:
        start.wait(10)
        while not stop.is_set():
            database.write(
                site_id=site.pk, shopper_id=shopper_id, drafts=drafts([shopper_id], product_id, 3)
            )
    finally:
        connection.close()


def bring_in(
    site: Site,
    shopper_ids: list[UUID],
    product_id: int,
    start: threading.Event,
    stop: threading.Event,
) -> None:
    """Write as an import does."""
    try:
        start.wait(10)
        while not stop.is_set():
            database.write_many(site_id=site.pk, drafts=drafts(shopper_ids, product_id, 2))
    finally:
        connection.close()


def race(shop: SimpleNamespace, remembered: Remembered, writers: int, people: int) -> None:
    ids = [remembered().shopper.pk for _ in range(people)]
    product_id = shop.products["tea"].pk
    start, stop = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=collect, args=(shop.site, ids[n % people], product_id, start, stop))
        for n in range(writers)
    ]
    threads += [
        threading.Thread(target=bring_in, args=(shop.site, ids[::step], product_id, start, stop))
        for step in (1, -1)
    ]
    for thread in threads:
        thread.start()
    start.set()
    try:
        while not Event.rows.filter(shopper_id__in=ids).exists():
            stop.wait(0.002)
        for key in ids:
            withdraw(shopper_id=key, purposes={Purpose.ANALYTICS}, actor="shopper")
            assert not Event.rows.filter(shopper_id=key).exists()
        stop.wait(0.02)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not Event.rows.filter(shopper_id__in=ids).exists()


@pytest.fixture(autouse=True)
def _erasing_at_once(settings: Any) -> None:
    """Leave nothing to a task: what is left after a withdrawal is then what raced with it."""
    own = settings.ATTENTION_CONSENT
    settings.ATTENTION_CONSENT = {**own, "ERASE_ROWS": 10_000_000}


def test_no_row_outlives_a_withdrawal(shop: SimpleNamespace, remembered: Remembered) -> None:
    for _ in range(2):
        race(shop, remembered, writers=2, people=2)


@pytest.mark.deep
def test_no_row_outlives_a_withdrawal_at_full_size(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    for _ in range(100):
        race(shop, remembered, writers=10 if connection.vendor == "postgresql" else 6, people=5)


def test_the_same_event_at_the_same_time_is_stored_once(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    shopper_id = remembered().shopper.pk
    same = drafts([shopper_id], shop.products["tea"].pk, 20)
    answers: list[str] = []
    start = threading.Event()

    def send() -> None:
        try:
            start.wait(10)
            answers.extend(database.write(site_id=shop.site.pk, shopper_id=shopper_id, drafts=same))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join(60)

    assert sorted(map(str, answers)) == ["accepted"] * 20 + ["duplicate"] * 60
    assert Event.rows.count() == 20


def test_the_sink_refuses_to_write_inside_another_transaction(
    shop: SimpleNamespace, remembered: Remembered
) -> None:
    shopper_id = remembered().shopper.pk
    written = drafts([shopper_id], shop.products["tea"].pk, 1)

    for write in (
        lambda: database.write(site_id=shop.site.pk, shopper_id=shopper_id, drafts=written),
        lambda: database.write_many(site_id=shop.site.pk, drafts=written),
    ):
        with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
            write()

    assert not Event.rows.exists()

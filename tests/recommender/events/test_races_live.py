"""Pages and beacons against withdrawal: no row, kept history or slate after its commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import Settings

from consent.gate_cache import connection as redis_connection
from consent.purposes import Purpose
from consent.services import withdraw
from recommender.events import identifiers
from recommender.events.draft import Draft
from recommender.events.kinds import Kind
from recommender.events.selectors import count_events
from recommender.events.sinks import database
from tests.consent.support import new_shopper
from tests.recommender.events.live_support import (
    NOWHERE,
    history_of,
    names_kept,
    needs_redis,
    view,
)

pytestmark = pytest.mark.django_db(transaction=True)

Work = Callable[[UUID], object]


@pytest.fixture(autouse=True)
def _erasing_at_once(settings: Settings) -> None:
    """Leave nothing to a task: what is left after a withdrawal is then what raced with it."""
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "ERASE_ROWS": 10_000_000}


@pytest.fixture(params=["as configured", pytest.param("redis", marks=needs_redis), "no redis"])
def where(request: pytest.FixtureRequest, settings: Settings) -> Iterator[str]:
    """The embedded form, gates and histories in Redis, and a Redis nobody reaches."""
    urls = {"as configured": "", "no redis": NOWHERE}
    url = urls.get(request.param, settings.ATTENTION_CONSENT["REDIS_URL"])
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "REDIS_URL": url}
    redis_connection.forget()
    yield request.param
    redis_connection.forget()


def write_batch(shopper_id: UUID) -> None:
    """Write as an import does, of one person."""
    rows = [
        Draft(shopper_id=shopper_id, id=identifiers.mint(), kind=Kind.SEARCH, occurred_at=now())
        for _ in range(3)
    ]
    database.write_many(site_id=1, drafts=rows)


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def working(shopper_id: UUID, jobs: list[Work]) -> Iterator[list[int]]:
    """Let threads do ``jobs`` over and over meanwhile; yields how often each was done."""
    done, errors = [0] * len(jobs), list[BaseException]()
    stop = threading.Event()

    def work(place: int) -> None:
        try:
            while not stop.is_set():
                jobs[place](shopper_id)
                done[place] += 1
        except BaseException as error:
            errors.append(error)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join(120)
    assert not errors
    assert not any(thread.is_alive() for thread in threads)


def everybody_began(done: list[int]) -> None:
    waiting = threading.Event()
    while not all(done):
        waiting.wait(0.002)


def race(writers: int, readers: int, where: str) -> float:
    """Withdraw while threads report and read; return the seconds the withdrawal took."""
    person = new_shopper_of_shop()
    seen: list[tuple[float, bool]] = []

    def read(key: UUID) -> None:
        began = perf_counter()
        seen.append((began, bool(history_of(key))))

    jobs: list[Work] = [lambda key: view(key, "tea")] * writers
    jobs += [write_batch, *[read] * readers]
    with working(person, jobs) as done:
        everybody_began(done)
        assert count_events(shopper_id=person)
        started = perf_counter()
        withdraw(shopper_id=person, purposes={Purpose.ANALYTICS}, actor="shopper")
        committed = perf_counter()
        # From the commit on nobody reads or stores anything, however often they try.
        assert count_events(shopper_id=person) == 0
        before = list(done)
        while any(new - old < 2 for new, old in zip(done, before, strict=True)):
            threading.Event().wait(0.002)
    assert count_events(shopper_id=person) == 0
    assert not any(found for began, found in seen if began > committed)
    if where == "redis":
        assert names_kept(person) == []
    return committed - started


def new_shopper_of_shop() -> UUID:
    from django.contrib.sites.models import Site

    return new_shopper(Site.objects.get(pk=1)).pk


def test_nothing_is_stored_kept_or_read_after_a_withdrawal(
    shop: SimpleNamespace, where: str
) -> None:
    for _ in range(2):
        race(3, 2, where)


@pytest.mark.deep
def test_nothing_is_stored_kept_or_read_after_a_withdrawal_at_full_size(
    shop: SimpleNamespace, where: str, record_property: Callable[[str, object], None]
) -> None:
    is_postgresql = connection.vendor == "postgresql"
    rounds, writers = (200, 45) if is_postgresql and where == "redis" else (60, 12)
    if not is_postgresql:
        rounds, writers = 40, 5
    took = sorted(race(writers, 4, where) for _ in range(rounds))
    record_property("size", f"{rounds} rounds, {writers + 5} threads, {where}")
    record_property("result", f"withdrawal: median {took[len(took) // 2]:.3f} s, {took[-1]:.3f} s")


@pytest.mark.deep
def test_a_withdrawal_has_its_turn_among_constant_writers(
    shop: SimpleNamespace, record_property: Callable[[str, object], None]
) -> None:
    writers = 50 if connection.vendor == "postgresql" else 6
    took = []
    for _ in range(10):
        person = new_shopper_of_shop()
        jobs: list[Work] = [lambda key: view(key, "tea")] * (writers // 2)
        jobs += [write_batch] * (writers - writers // 2)
        with working(person, jobs) as done:
            everybody_began(done)
            started, before = perf_counter(), sum(done)
            withdraw(shopper_id=person, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
            took.append(perf_counter() - started)
            # They still write: nothing but the training was withdrawn.
            while sum(done) < before + writers:
                threading.Event().wait(0.002)
    took.sort()
    record_property("size", f"{len(took)} rounds, {writers} writers of one person")
    record_property("result", f"withdrawal: median {took[len(took) // 2]:.3f} s, {took[-1]:.3f} s")

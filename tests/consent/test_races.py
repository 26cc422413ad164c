"""Collection against withdrawal, with threads, on whichever database the tests use."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.db import connection, transaction

from consent import gate, services
from consent.ledger.verify import verify
from consent.models import Decision, Shopper
from consent.purposes import Purpose
from tests.consent.support import new_shopper, request_of

TABLE = "test_collected"


@pytest.fixture
def table(transactional_db: None) -> Iterator[None]:
    """A table of events, without keys: what a sink would write to."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {TABLE} (shopper char(36), generation int)")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")


def collected(shopper_ids: list[uuid.UUID]) -> int:
    marks = ", ".join(["%s"] * len(shopper_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {TABLE} WHERE shopper IN ({marks})",
            [str(each) for each in shopper_ids],
        )
        return int(cursor.fetchone()[0])


def collect(shopper_ids: list[uuid.UUID], start: threading.Event, stop: threading.Event) -> None:
    """Write batches of one event per shopper, as a sink does, until told to stop."""
    try:
        start.wait(10)
        while not stop.is_set():
            with transaction.atomic():
                for key, answer in gate.lock_permits(shopper_ids, Purpose.ANALYTICS).items():
                    if isinstance(answer, gate.Permit):
                        with connection.cursor() as cursor:
                            cursor.execute(
                                f"INSERT INTO {TABLE} VALUES (%s, %s)",
                                [str(key), answer.generation],
                            )
            stop.wait(0.003)
    finally:
        connection.close()


def race(writers: int, people: int) -> None:
    site = Site.objects.get(pk=1)
    ids = [new_shopper(site).pk for _ in range(people)]
    start, stop = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=collect, args=(ids[:: 1 - 2 * (number % 2)], start, stop))
        for number in range(writers)
    ]
    for thread in threads:
        thread.start()
    at_commit = {}
    try:
        start.set()
        while not collected(ids) and any(thread.is_alive() for thread in threads):
            stop.wait(0.002)
        for key in ids:
            services.withdraw(shopper_id=key, purposes={Purpose.ANALYTICS}, actor="shopper")
            at_commit[key] = collected([key])
        stop.wait(0.02)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    # Nothing was written after the commit of the withdrawal, and nothing under its generation.
    assert {key: collected([key]) for key in ids} == at_commit
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(generation) FROM {TABLE}")
        assert cursor.fetchone()[0] == 1
        cursor.execute(f"DELETE FROM {TABLE}")


def test_nothing_is_stored_after_a_withdrawal(table: None) -> None:
    for _ in range(4):
        race(writers=4, people=3)
    assert verify()


@pytest.mark.deep
def test_nothing_is_stored_after_a_withdrawal_at_full_size(table: None) -> None:
    for _ in range(200):
        race(writers=50 if connection.vendor == "postgresql" else 8, people=1)
    assert verify()


def decide(shopper_ids: list[uuid.UUID], start: threading.Event) -> None:
    try:
        start.wait(10)
        for key in shopper_ids:
            services.withdraw(shopper_id=key, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
            services.withdraw(shopper_id=key, actor="shopper")
    finally:
        connection.close()


def test_decisions_at_the_same_time_make_one_chain(transactional_db: None) -> None:
    site = Site.objects.get(pk=1)
    groups = [[new_shopper(site).pk for _ in range(5)] for _ in range(4)]
    start = threading.Event()
    threads = [threading.Thread(target=decide, args=(group, start)) for group in groups]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join(60)
    assert Decision.objects.count() == 20 * 3
    assert not Shopper.objects.exists()
    report = verify()
    assert report
    assert report.rows == 60


def accept(user_id: int, start: threading.Event, made: list[uuid.UUID]) -> None:
    try:
        user = get_user_model().objects.get(pk=user_id)
        start.wait(10)
        for _ in range(3):
            made.append(services.grant_remember(request=request_of(user=user)).pk)
            services.refuse(request=request_of(user=user))
    finally:
        connection.close()


def test_an_account_deciding_in_many_places_has_one_shopper(transactional_db: None) -> None:
    user = get_user_model().objects.create_user("ann")
    start, made = threading.Event(), list[uuid.UUID]()
    threads = [threading.Thread(target=accept, args=(user.pk, start, made)) for _ in range(4)]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join(60)
    assert len(made) == 12
    assert Shopper.objects.filter(user=user).count() == 1
    assert verify()

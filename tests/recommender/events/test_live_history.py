"""Histories in Redis give the answers of the table, and end with what permitted them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.sites.models import Site
from django.db import transaction
from django.http import HttpRequest
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from consent import services
from consent.gate_cache import connection
from consent.models import ConsentState
from consent.purposes import Purpose
from recommender.catalog.models import Category
from recommender.catalog.sensitivity import refresh_sensitivity
from recommender.events import retention
from recommender.events.kinds import Kind
from recommender.events.live_history import store as live
from recommender.events.models import KindWeight
from recommender.events.selectors import hidden_keys, recent_history
from tests.consent.support import new_shopper
from tests.recommender.events.live_support import (
    NOWHERE,
    history_of,
    names_kept,
    needs_redis,
    permit_of,
    view,
)

pytestmark = pytest.mark.django_db(transaction=True)

Remembered = Callable[..., HttpRequest]


@pytest.fixture
def person(shop: SimpleNamespace) -> UUID:
    return new_shopper(shop.site).pk


@pytest.fixture
def _no_redis(settings: Settings) -> Iterator[None]:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "REDIS_URL": NOWHERE}
    connection.forget()
    yield
    connection.forget()


def keys_of(shopper_id: UUID) -> list[str]:
    return [item.host_key for item in history_of(shopper_id) or []]


@needs_redis
def test_a_warm_history_asks_no_database_and_grows(
    person: UUID, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    view(person, "tea")
    assert keys_of(person) == ["tea"]

    view(person, "cup", Kind.CLICK)

    with django_assert_num_queries(0):
        assert keys_of(person) == ["tea", "cup"]


@needs_redis
def test_a_withdrawal_deletes_what_was_kept(person: UUID) -> None:
    view(person, "tea")
    assert keys_of(person) == ["tea"]
    assert len(names_kept(person)) == 2

    services.withdraw(shopper_id=person, purposes={Purpose.RECS_PERSONAL}, actor="shopper")

    assert names_kept(person) == []
    assert history_of(person) is None


@needs_redis
def test_a_push_that_comes_after_a_withdrawal_is_refused(person: UUID) -> None:
    # Given a writer that committed, and was slow to tell Redis
    view(person, "tea")
    history_of(person)
    late = permit_of(person)
    assert late is not None
    [item] = live.read(permit=late, limit=50).liked  # type: ignore[union-attr]

    services.withdraw(shopper_id=person, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    history_of(person)
    live.push(permit=late, marks="|", entries=[item])

    assert names_kept(person) == sorted(
        connection.key(part, person.hex, 2) for part in ("history", "history-liked")
    )


@needs_redis
def test_a_push_that_comes_after_a_deletion_joins_nothing(person: UUID) -> None:
    view(person, "tea")
    view(person, "cup")
    history_of(person)
    answer = permit_of(person)
    marks = live.marks(site_id=1, shopper_id=person)
    assert answer is not None
    gone = live.read(permit=answer, limit=50).liked  # type: ignore[union-attr]

    retention.delete_events(shopper_id=person, limit=None)
    assert keys_of(person) == []
    live.push(permit=answer, marks=marks, entries=gone)

    assert keys_of(person) == []


@needs_redis
def test_what_is_pushed_while_the_table_is_read_is_not_lost(
    person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    view(person, "tea")
    fill = live.fill

    def late(**given: Any) -> None:
        view(person, "cup")
        fill(**given)

    monkeypatch.setattr(live, "fill", late)
    assert keys_of(person) == ["tea"]
    monkeypatch.undo()

    assert keys_of(person) == ["tea", "cup"]


@needs_redis
def test_weights_and_flags_that_change_are_followed(person: UUID, shop: SimpleNamespace) -> None:
    view(person, "tea")
    view(person, "cup", Kind.DWELL)
    assert keys_of(person) == ["tea"]

    KindWeight.objects.create(site=shop.site, kind=Kind.DWELL.code, weight=1)
    assert keys_of(person) == ["tea", "cup"]

    Category.objects.filter(host_key="kitchen").update(is_flagged_here=True)
    refresh_sensitivity(site=shop.site)
    assert keys_of(person) == []


@needs_redis
def test_what_is_hidden_stays_hidden_beyond_the_limit(person: UUID) -> None:
    history_of(person)
    view(person, "pot", Kind.HIDE)
    for _ in range(12):
        view(person, "tea")

    rows = history_of(person, limit=10)

    assert rows is not None
    assert len(rows) == 11
    assert hidden_keys(rows) == {"pot"}


@needs_redis
def test_a_kept_history_ends_within_a_minute_of_its_last_reader(person: UUID) -> None:
    view(person, "tea")
    history_of(person)
    lives = connection.Script("return redis.call('TTL', KEYS[1])")

    left = [connection.run(lives, [name], []) for name in names_kept(person)]

    assert left
    assert all(0 < seconds <= 60 for seconds in left)


@needs_redis
def test_a_history_keeps_to_its_size(person: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_LIKED", 5)
    history_of(person, limit=5)
    for _ in range(8):
        view(person, "tea")

    count = connection.Script("return redis.call('ZCARD', KEYS[1])")
    [name] = [name for name in names_kept(person) if "liked" in name]
    assert connection.run(count, [name], []) == 5
    assert len(history_of(person, limit=5) or []) == 5


@pytest.mark.usefixtures("_no_redis")
def test_without_redis_the_table_answers(person: UUID, caplog: pytest.LogCaptureFixture) -> None:
    assert view(person, "tea")
    assert keys_of(person) == ["tea"]

    with caplog.at_level(logging.ERROR):
        services.withdraw(shopper_id=person, purposes={Purpose.RECS_PERSONAL}, actor="shopper")

    assert history_of(person) is None
    assert person.hex not in caplog.text


STEPS = st.one_of(
    st.tuples(
        st.just("event"),
        st.sampled_from(["tea", "cup", "pot", "test"]),
        st.sampled_from([Kind.VIEW, Kind.CLICK, Kind.DWELL, Kind.HIDE, Kind.CART_ADD]),
    ),
    st.tuples(st.just("read"), st.integers(1, 12)),
    st.tuples(st.just("weight"), st.sampled_from([Kind.VIEW, Kind.DWELL]), st.integers(0, 2)),
    st.tuples(st.just("flag"), st.booleans()),
    st.tuples(st.just("allow"), st.booleans()),
    st.tuples(st.just("delete"), st.integers(1, 3)),
    st.tuples(st.just("days"), st.integers(0, 2)),
)


def take(step: tuple[Any, ...], person: UUID, changed: ExitStack) -> None:
    """Carry out one step of a generated life; settings last until ``changed`` is closed."""
    what, *given = step
    site = Site.objects.get(pk=1)
    if what == "event":
        view(person, *given)
    elif what == "weight":
        row, _ = KindWeight.objects.get_or_create(
            site=site, kind=given[0].code, defaults={"weight": 1}
        )
        row.weight = given[1]
        row.save()
    elif what == "flag":
        Category.objects.filter(host_key="kitchen").update(is_flagged_here=given[0])
        refresh_sensitivity(site=site)
    elif what == "allow":
        allow(person, given[0])
    elif what == "delete":
        retention.delete_events(shopper_id=person, limit=given[0])
    elif what == "days":
        days = {"analytics": 365, "recs.personal": given[0], "model.train": 365}
        own = {**settings.ATTENTION_RECOMMENDER, "EVENT_RETENTION_DAYS": days}
        changed.enter_context(override_settings(ATTENTION_RECOMMENDER=own))


def allow(person: UUID, ranking: bool) -> None:
    """Switch ranking on or off as the person does."""
    if not ranking:
        services.withdraw(shopper_id=person, purposes={Purpose.RECS_PERSONAL}, actor="shopper")
        return
    state = ConsentState.objects.select_related("policy").get(pk=person)
    services.decisions.grant(
        shopper_id=person,
        purposes={Purpose.RECS_PERSONAL},
        policy=state.policy,
        how=services.Circumstances(actor="shopper", source="preferences"),
    )


def both_answer_alike(person: UUID, limit: int) -> None:
    """Compare the kept history, read twice, with the table's inside a transaction."""
    kept = [history_of(person, limit) for _ in range(2)]
    with transaction.atomic():
        answer = permit_of(person)
        table = None if answer is None else recent_history(permit=answer, limit=limit)
    assert kept == [table, table]


def live_through(steps: list[tuple[Any, ...]], shop: SimpleNamespace) -> None:
    KindWeight.objects.all().delete()
    with ExitStack() as changed:
        take(("flag", False), UUID(int=0), changed)
        take(("days", 365), UUID(int=0), changed)
        person = new_shopper(shop.site).pk
        for step in steps:
            if step[0] == "read":
                both_answer_alike(person, step[1])
            else:
                take(step, person, changed)
        both_answer_alike(person, 5)


@needs_redis
@hypothesis_settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_redis_and_the_table_give_one_answer(
    steps: list[tuple[Any, ...]], shop: SimpleNamespace
) -> None:
    live_through(steps, shop)


@needs_redis
@pytest.mark.deep
@hypothesis_settings(
    max_examples=1500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=40))
def test_redis_and_the_table_give_one_answer_at_full_size(
    steps: list[tuple[Any, ...]], shop: SimpleNamespace
) -> None:
    live_through(steps, shop)

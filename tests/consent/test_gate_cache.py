"""The gate in Redis: quick when warm, never behind a decision, and dispensable."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, Settings

from consent import gate, services
from consent.gate_cache import connection, store
from consent.gate_cache.store import Decided
from consent.models import ConsentState
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.visitor import Level, Visitor
from tests.consent.support import new_shopper

NOWHERE = "redis://127.0.0.1:1/0"

needs_redis = pytest.mark.skipif(
    not django_settings.ATTENTION_CONSENT["REDIS_URL"], reason="REDIS_URL is not set"
)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> UUID:
    return new_shopper(Site.objects.get(pk=1)).pk


@pytest.fixture
def _no_redis(settings: Settings) -> Iterator[None]:
    """A Redis is configured, and nobody answers there."""
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "REDIS_URL": NOWHERE}
    connection.forget()
    yield
    connection.forget()


def ask(shopper_id: UUID, purpose: Purpose = Purpose.RECS_PERSONAL) -> Any:
    return gate.permit(Visitor(Level.REMEMBER, 1, shopper_id=shopper_id), purpose)


def values_of(shopper_id: UUID, generation: int, purposes: int) -> list[Any]:
    row = gate._read([shopper_id])[shopper_id]
    return list(row._replace(generation=generation, purposes=purposes)[1:])


@needs_redis
def test_a_warm_gate_asks_no_database(
    person: UUID, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cold = ask(person)

    with django_assert_num_queries(0):
        warm = ask(person)

    assert warm == cold
    assert warm.decided_at == ConsentState.objects.get(pk=person).decided_at
    assert warm.purposes == BANNER_PURPOSES | {Purpose.NECESSARY}


@needs_redis
def test_a_withdrawal_counts_at_once_for_a_warm_gate(person: UUID) -> None:
    assert ask(person)

    services.withdraw(shopper_id=person, purposes={Purpose.RECS_PERSONAL}, actor="shopper")

    assert not ask(person)
    assert ask(person, Purpose.ANALYTICS).generation == 2


@needs_redis
def test_a_grant_counts_at_once_for_a_warm_gate(person: UUID) -> None:
    services.withdraw(shopper_id=person, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    assert not ask(person, Purpose.MODEL_TRAIN)
    state = ConsentState.objects.select_related("policy").get(pk=person)

    services.decisions.grant(
        shopper_id=person,
        purposes={Purpose.MODEL_TRAIN},
        policy=state.policy,
        how=services.Circumstances(actor="shopper", source="preferences"),
    )

    assert ask(person, Purpose.MODEL_TRAIN)


@needs_redis
def test_a_withdrawal_that_is_rolled_back_grants_and_refuses_nobody(person: UUID) -> None:
    assert ask(person)

    with transaction.atomic():
        services.withdraw(shopper_id=person, actor="shopper")
        # While it is not committed, Redis opens nothing, and the database says what it did.
        assert store.read(person) is None
        transaction.set_rollback(True)

    assert ask(person)
    assert store.read(person) is None


@needs_redis
def test_what_a_rolled_back_grant_allowed_is_never_kept(person: UUID) -> None:
    state = ConsentState.objects.select_related("policy").get(pk=person)

    with transaction.atomic():
        services.decisions.grant(
            shopper_id=person,
            purposes={Purpose.EXPERIMENT},
            policy=state.policy,
            how=services.Circumstances(actor="shopper", source="preferences"),
        )
        assert ask(person, Purpose.EXPERIMENT)
        transaction.set_rollback(True)

    assert store.read(person) is None
    assert not ask(person, Purpose.EXPERIMENT)


@needs_redis
@pytest.mark.parametrize(
    ("held", "offered", "is_kept"),
    [
        ((1, 5), (1, 5), True),
        ((1, 5), (1, 6), True),
        ((1, 9), (2, 3), True),
        ((2, 5), (1, 9), False),
        ((1, 6), (1, 5), False),
    ],
)
def test_a_newer_gate_is_never_replaced(
    held: tuple[int, int], offered: tuple[int, int], is_kept: bool
) -> None:
    shopper_id = uuid4()
    store.keep(Decided(shopper_id, *held), ["held"])

    store.keep(Decided(shopper_id, *offered), ["offered"])

    assert store.read(shopper_id) == (["offered"] if is_kept else ["held"])


@needs_redis
def test_many_gates_are_shut_and_newer_ones_among_them_left_alone() -> None:
    people = [uuid4() for _ in range(2 * store.AT_ONCE + 1)]
    newer = people[store.AT_ONCE]
    for shopper_id in people:
        store.keep(Decided(shopper_id, 3 if shopper_id == newer else 1, 1), ["held"])

    assert store.shut(Decided(shopper_id, 2, 1) for shopper_id in people)

    assert [each for each in people if store.read(each) is not None] == [newer]


@needs_redis
def test_a_shut_gate_stays_shut_for_what_was_read_before(person: UUID) -> None:
    # Given a reader who was slow: what it read is older than the decision
    late = values_of(person, 1, 14)
    services.withdraw(shopper_id=person, purposes={Purpose.RECS_PERSONAL}, actor="shopper")

    store.keep(Decided(person, 1, 1), late)

    assert store.read(person) is None


@needs_redis
def test_nothing_is_kept_inside_a_transaction(person: UUID) -> None:
    with transaction.atomic():
        assert ask(person)

    assert store.read(person) is None


@needs_redis
def test_gates_end_by_themselves_within_a_minute(person: UUID) -> None:
    ask(person)

    left = connection.run(
        connection.Script("return redis.call('TTL', KEYS[1])"), [store.gate_key(person)], []
    )

    assert 0 < left <= 60


@needs_redis
def test_a_gate_of_another_format_is_read_anew(person: UUID) -> None:
    ask(person)
    text = connection.Script("return redis.call('HSET', KEYS[1], 'row', '[0,1,15]')")
    connection.run(text, [store.gate_key(person)], [])

    assert ask(person)
    assert store.read(person) is not None


@needs_redis
def test_who_is_erased_is_nobody_at_once(person: UUID) -> None:
    assert ask(person)

    services.erase(shopper_id=person, actor="shopper")

    assert ask(person).reason == "unknown_key"


@needs_redis
def test_a_material_change_shuts_warm_gates(person: UUID) -> None:
    from consent.policies.suspension import suspend_everybody

    assert ask(person)
    state = ConsentState.objects.get(pk=person)

    with transaction.atomic():
        suspend_everybody(site_id=1, moment=state.decided_at)

    assert ask(person).reason == "policy"


@pytest.mark.usefixtures("_no_redis")
def test_without_redis_the_database_answers(person: UUID) -> None:
    assert ask(person)
    assert services.withdraw(shopper_id=person, actor="shopper")
    assert not ask(person)


@pytest.mark.usefixtures("_no_redis")
def test_a_withdrawal_redis_never_heard_of_is_logged(
    person: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "consent.gate_cache.store"):
        services.withdraw(shopper_id=person, purposes={Purpose.MODEL_TRAIN}, actor="shopper")

    # Once before the commit and once after it.
    told = [record for record in caplog.records if record.name == store.__name__]
    assert [record.levelname for record in told] == ["ERROR", "ERROR"]
    assert str(person) not in caplog.text


@pytest.mark.usefixtures("_no_redis")
def test_a_silent_redis_is_left_alone_for_a_while(
    person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    client = connection._client

    def counted() -> Any:
        asked.append("asked")
        return client()

    monkeypatch.setattr(connection, "_client", counted)
    for _ in range(3):
        assert ask(person)

    assert asked == ["asked"]

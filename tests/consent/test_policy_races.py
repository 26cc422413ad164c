"""Publishing against collection and decisions, with threads, on whichever database is used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.db import connection, transaction

from consent import decisions, gate, services
from consent.decisions import Circumstances
from consent.models import ConsentState, PolicyVersion, Shopper
from consent.policies.fence import PolicyOutdated
from consent.policies.selectors import current_policy
from consent.policies.services import publish_policy
from consent.purposes import BANNER_PURPOSES, OPTIONAL_PURPOSES, Purpose
from tests.consent.support import new_shopper, request_of

TEXT = {"en": {"title": "t", "notice": "n", "body": "b"}}
HOW = Circumstances(actor="shopper", source="test")


class Crowd:
    """Threads that do one thing again and again until told to stop."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.errors: list[Exception] = []
        self.threads: list[threading.Thread] = []

    def add(self, act: Callable[[], None]) -> None:
        def run() -> None:
            try:
                while not self.stop.is_set():
                    act()
                    self.stop.wait(0.002)
            except Exception as error:  # noqa: BLE001
                self.errors.append(error)
            finally:
                connection.close()

        self.threads.append(threading.Thread(target=run))

    def __enter__(self) -> Crowd:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *given: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(30)


def collected_under(ids: list[UUID], written: list[tuple[UUID, int]]) -> Callable[[], None]:
    """Write down the generation under which each event commits, as a sink does."""

    def act() -> None:
        with transaction.atomic():
            answers = gate.lock_permits(ids, Purpose.ANALYTICS)
            permits = [each for each in answers.values() if isinstance(each, gate.Permit)]
            ConsentState.objects.filter(pk__in=[each.shopper_id for each in permits]).count()
            written.extend((each.shopper_id, each.generation) for each in permits)

    return act


@pytest.mark.django_db(transaction=True)
def test_no_event_is_stored_after_the_publication_commits() -> None:
    site = Site.objects.get(pk=1)
    ids = [new_shopper(site).pk for _ in range(6)]
    written: list[tuple[UUID, int]] = []
    crowd = Crowd()
    for order in (1, -1, 1, -1):
        crowd.add(collected_under(ids[::order], written))

    with crowd:
        while len(written) < 30:
            crowd.stop.wait(0.002)
        publish_policy(site=site, texts=TEXT, is_material=True)
        before = len(written)
        crowd.stop.wait(0.05)

    # A writer may note its rows a moment after its commit, never under a new generation.
    assert not crowd.errors
    assert {generation for _, generation in written} == {1}
    assert len(written) <= before + 4 * len(ids)
    answers = [gate.permit_shopper(key, Purpose.ANALYTICS) for key in ids]
    assert {each.reason for each in answers if isinstance(each, gate.Refusal)} == {
        gate.RefusalReason.POLICY
    }


@pytest.mark.django_db(transaction=True)
def test_nobody_slips_in_on_the_old_text_while_it_is_replaced() -> None:
    site = Site.objects.get(pk=1)
    old = current_policy(site_id=site.pk)
    grown = [new_shopper(site).pk for _ in range(3)]
    crowd = Crowd()
    made: list[UUID] = []

    def come() -> None:
        with suppress(PolicyOutdated):
            made.append(
                decisions.open_shopper(
                    site_id=site.pk, user=None, purposes=BANNER_PURPOSES, policy=old, how=HOW
                ).pk
            )

    def change_mind() -> None:
        for key in grown:
            services.withdraw(shopper_id=key, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
            with suppress(PolicyOutdated, LookupError):
                decisions.grant(shopper_id=key, purposes=BANNER_PURPOSES, policy=old, how=HOW)

    def restrict_and_lift() -> None:
        decisions.restrict(shopper_id=grown[0], how=HOW)
        decisions.lift(shopper_id=grown[0], how=HOW)

    for act in (come, come, change_mind, restrict_and_lift):
        crowd.add(act)
    with crowd:
        while len(made) < 10:
            crowd.stop.wait(0.002)
        publish_policy(site=site, texts=TEXT, is_material=True)
        in_force = ConsentState.objects.filter(purposes__gt=0)
        assert not in_force.exists()
        crowd.stop.wait(0.1)

    assert not crowd.errors
    assert not in_force.exists()
    assert Shopper.objects.count() == len(made) + len(grown)


@pytest.mark.django_db(transaction=True)
def test_who_withdraws_a_part_meanwhile_rests_with_what_is_left() -> None:
    """The publication waits for the row and suspends what it became, not what it was."""
    site = Site.objects.get(pk=1)
    part, everything = new_shopper(site).pk, new_shopper(site).pk
    publisher = threading.Thread(
        target=_publish_and_close, args=(site, {"en": {**TEXT["en"], "body": "new"}})
    )
    with transaction.atomic():
        services.withdraw(shopper_id=part, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
        decisions.close(shopper_id=everything, purposes=OPTIONAL_PURPOSES, how=HOW)
        publisher.start()
        publisher.join(0.3)
        assert publisher.is_alive()
    publisher.join(30)

    state = ConsentState.objects.get(pk=part)
    assert (state.granted, state.generation) == (frozenset(), 3)
    assert state.resting == frozenset(BANNER_PURPOSES - {Purpose.MODEL_TRAIN})
    refused = ConsentState.objects.get(pk=everything)
    assert (refused.resting, refused.generation) == (frozenset(), 2)


@pytest.mark.django_db(transaction=True)
def test_two_publications_are_two_versions() -> None:
    site = Site.objects.get(pk=1)
    texts = [{"en": {**TEXT["en"], "body": word}} for word in ("one", "two")]
    threads = [threading.Thread(target=_publish_and_close, args=(site, each)) for each in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    numbers = PolicyVersion.objects.filter(number__gt=1).values_list("number", flat=True)
    assert sorted(numbers) == [2, 3]


def _publish_and_close(site: Site, texts: dict[str, dict[str, str]]) -> None:
    try:
        publish_policy(site=site, texts=texts, is_material=True)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_gate_kept_in_redis_shuts_with_the_publication() -> None:
    site = Site.objects.get(pk=1)
    shopper = new_shopper(site)
    assert gate.permit(request_of(shopper).visitor, Purpose.ANALYTICS)  # type: ignore[attr-defined]
    publish_policy(site=site, texts=TEXT, is_material=True)
    answer = gate.permit(request_of(shopper).visitor, Purpose.ANALYTICS)  # type: ignore[attr-defined]
    assert isinstance(answer, gate.Refusal)
    assert answer.reason is gate.RefusalReason.POLICY


@pytest.mark.deep
@pytest.mark.django_db(transaction=True)
def test_publishing_with_writers_again_and_again() -> None:
    site = Site.objects.get(pk=1)
    for _ in range(40):
        ids = [new_shopper(site).pk for _ in range(10)]
        written: list[tuple[UUID, int]] = []
        crowd = Crowd()
        for order in (1, -1) * 4:
            crowd.add(collected_under(ids[::order], written))
        with crowd:
            while len(written) < 40:
                crowd.stop.wait(0.002)
            publish_policy(site=site, texts=TEXT, is_material=True)
            crowd.stop.wait(0.02)
        assert not crowd.errors
        assert {generation for _, generation in written} == {1}
        assert not ConsentState.objects.filter(purposes__gt=0).exists()

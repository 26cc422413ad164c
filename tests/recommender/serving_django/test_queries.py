"""What a slate costs in queries, and that its failures stay inside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sites.models import Site
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from consent import services as consent_services
from consent.purposes import BANNER_PURPOSES
from recommender.catalog.models import Product
from recommender.events.kinds import Kind
from recommender.events.records import ImportedEvent
from recommender.events.services import import_events
from recommender.serving import profile, shelf
from recommender.serving.slate import Mode, Rung
from tests.recommender.serving_django.conftest import Ask, Publish, keys_of

Person = Callable[..., HttpRequest]


@pytest.fixture
def database_host(settings: Settings) -> None:
    """A host that asks the database for offers."""
    settings.ATTENTION_RECOMMENDER = {
        **settings.ATTENTION_RECOMMENDER,
        "HOST_ADAPTER": "tests.recommender.serving_django.host.DatabaseHost",
    }


@pytest.mark.django_db(transaction=True)
def test_a_warm_personal_slate_asks_for_gate_history_products_and_offers(
    publish: Publish,
    ask: Ask,
    remembered: Person,
    django_assert_num_queries: DjangoAssertNumQueries,
    database_host: None,
    settings: Settings,
) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"))
    ask(request)

    # With a Redis, gate and history come from there.
    from_redis = 2 if settings.ATTENTION_CONSENT["REDIS_URL"] else 0
    with django_assert_num_queries(4 - from_redis) as seen:
        assert ask(request).mode is Mode.PERSONAL

    assert not any("SAVEPOINT" in query["sql"] for query in seen.captured_queries)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("placement", ["home", "product", "category", "search", "basket"])
def test_a_warm_contextual_slate_takes_one_query_and_the_offers(
    placement: str,
    publish: Publish,
    ask: Ask,
    anybody: HttpRequest,
    django_assert_num_queries: DjangoAssertNumQueries,
    database_host: None,
) -> None:
    publish()
    ask(anybody)

    with django_assert_num_queries(2):
        ask(anybody, placement, product="p0", category="tea")


@pytest.mark.django_db(transaction=True)
def test_a_warm_visit_takes_one_query_and_the_offers(
    publish: Publish,
    ask: Ask,
    visiting: Person,
    django_assert_num_queries: DjangoAssertNumQueries,
    database_host: None,
) -> None:
    publish()
    request = visiting("p0")
    ask(request)

    with django_assert_num_queries(2):
        assert ask(request).mode is Mode.VISIT


@pytest.mark.django_db(transaction=True)
def test_a_host_transaction_survives_reads_that_fail(
    publish: Publish,
    ask: Ask,
    remembered: Person,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a host that works inside a transaction, and a history whose statement fails
    publish()
    request = remembered((Kind.VIEW, "p0"))

    def failing(**asked: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    monkeypatch.setattr(profile, "recent_history", failing)

    # When a slate is asked for in the middle
    with transaction.atomic():
        Product.objects.filter(host_key="p0").update(title="Before")
        slate = ask(request)
        Product.objects.filter(host_key="p1").update(title="After")

    # Then the page is answered and everything the host wrote is there
    assert (slate.rung, slate.mode, slate.cause) == (
        Rung.MODEL,
        Mode.CONTEXTUAL,
        "profile:error",
    )
    titles = Product.objects.filter(host_key__in=["p0", "p1"]).order_by("host_key")
    assert [product.title for product in titles] == ["Before", "After"]


@pytest.mark.django_db(transaction=True)
def test_every_step_may_fail_inside_a_host_transaction(
    publish: Publish,
    ask: Ask,
    remembered: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"))
    ask(request)

    def failing(*args: Any, **asked: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    for target in (
        "recommender.serving.live.live_model",
        "recommender.serving.ladder.read_profile",
        "recommender.serving.candidates.propose",
        "recommender.serving.placements.find",
        "tests.recommender.serving_django.host.TestHost.offers",
        "tests.recommender.serving_django.host.TestHost.basket_keys",
    ):
        with monkeypatch.context() as patched, transaction.atomic():
            patched.setattr("recommender.serving.live.CHECK_SECONDS", -1.0)
            patched.setattr(target, failing)
            ask(request)
            Product.objects.filter(host_key="p0").update(title=target)
        assert Product.objects.get(host_key="p0").title == target


@pytest.mark.django_db(transaction=True)
def test_a_host_transaction_that_is_broken_already_gets_an_empty_slate(
    publish: Publish, ask: Ask, remembered: Person
) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"))

    with pytest.raises(DatabaseError), transaction.atomic():  # noqa: PT012
        with connection.cursor() as cursor, pytest.raises(DatabaseError):
            cursor.execute("SELECT * FROM no_such_table")
        transaction.set_rollback(True)
        slate = ask(request)
        assert slate.rung is Rung.EMPTY
        raise DatabaseError("the host's own end")


@pytest.mark.parametrize("events", [pytest.param(10_000, marks=pytest.mark.deep), 1_000])
def test_a_shopper_with_very_many_events_is_read_in_part(
    events: int, publish: Publish, ask: Ask, remembered: Person, site: Site
) -> None:
    publish(seen_filter=False)
    shopper = consent_services.import_decision(
        site=site,
        purposes=BANNER_PURPOSES,
        importer="tests",
        legal_basis="consent",
        evidence_hash="0" * 64,
    )
    now = timezone.now()
    import_events(
        site=site,
        rows=[
            ImportedEvent(
                shopper_id=shopper.pk,
                source_id=str(number),
                kind=Kind.VIEW,
                occurred_at=now - timedelta(minutes=events - number),
                product_key=f"p{number % 9}",
            )
            for number in range(events)
        ],
    )
    read: list[int] = []
    reader = profile.recent_history
    request = remembered()
    type(shopper).objects.filter(pk=shopper.pk).update(is_imported=False)
    request.visitor.shopper_id = shopper.pk  # type: ignore[attr-defined]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            profile,
            "recent_history",
            lambda **asked: read.append(len(rows := reader(**asked))) or rows,
        )
        slate = ask(request)

    assert slate.mode is Mode.PERSONAL
    assert len(slate.items) == 8
    assert read == [50]


def test_the_shelf_reads_only_what_changed(
    publish: Publish,
    ask: Ask,
    anybody: HttpRequest,
    products: list[Product],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish()
    assert keys_of(ask(anybody, size=1)) == ["p8"]
    rows: list[int] = []
    place = shelf.Shelf._place

    def noted(self: shelf.Shelf, found: Any) -> None:
        held = list(found)
        rows.append(len(held))
        place(self, held)

    monkeypatch.setattr(shelf.Shelf, "_place", noted)
    monkeypatch.setattr(shelf, "REFRESH_SECONDS", 0.0)
    Product.objects.filter(host_key="p8").update(is_listed=False, updated_at=timezone.now())

    assert keys_of(ask(anybody, size=1)) == ["p9"]
    assert rows == [1]


def test_no_key_of_a_person_is_needed_to_name_a_slate(
    publish: Publish, ask: Ask, anybody: HttpRequest
) -> None:
    publish()

    assert ask(anybody).id != ask(anybody).id
    assert ask(anybody).id.version == uuid4().version

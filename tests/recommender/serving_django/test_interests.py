"""A corrected interest is corrected in the very next slate, and in its reasons."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from recommender.catalog.models import Category, Product
from recommender.events.kinds import Kind
from recommender.events.services import record
from recommender.interests import services
from recommender.interests.services import Weight
from recommender.serving.format import Weights
from recommender.serving.slate import Mode, ReasonKind
from tests.recommender.serving_django.conftest import Ask, Publish, keys_of

Person = Callable[..., HttpRequest]


@pytest.fixture
def cups(products: list[Product], category: Category) -> Category:
    """p1 and p3 are cups, the rest is tea."""
    cups = Category.objects.create(site=category.site, host_key="cups", name="Cups")
    Product.objects.filter(host_key__in=["p1", "p3"]).update(category=cups)
    return cups


def of(request: HttpRequest) -> object:
    return request.visitor.shopper_id  # type: ignore[attr-defined]


@pytest.mark.parametrize("correct", [services.pause, services.remove])
def test_what_is_paused_or_removed_neither_ranks_nor_is_named(
    correct: Callable[..., bool],
    cups: Category,
    publish: Publish,
    ask: Ask,
    remembered: Person,
) -> None:
    # Given p0 (tea), which leads to p1 and p2, and p1 (a cup), which leads to p3
    publish()
    request = remembered((Kind.VIEW, "p0"), (Kind.VIEW, "p1"))
    before = ask(request, size=10)
    assert {"p0", "p1"} == {item.reason.source for item in before.items} - {""}

    # When cups do not count any more
    correct(shopper_id=of(request), category_id=cups.pk)
    after = ask(request, size=10)

    # Then the next slate follows the tea alone
    assert after.mode is Mode.PERSONAL
    assert keys_of(after)[0] == "p1"
    assert {item.reason.source for item in after.items} - {""} == {"p0"}


def test_with_everything_paused_the_slate_is_anybodys(
    publish: Publish, ask: Ask, remembered: Person, category: Category, cups: Category
) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"), (Kind.HIDE, "p8"))
    services.pause(shopper_id=of(request), category_id=category.pk)

    slate = ask(request, size=3)

    # Then what is hidden stays hidden, and the page stays private for it
    assert slate.mode is Mode.CONTEXTUAL
    assert keys_of(slate) == ["p9", "p5", "p6"]
    assert {item.reason.kind for item in slate.items} == {ReasonKind.POPULAR}
    assert slate.is_private

    services.resume(shopper_id=of(request), category_id=category.pk)
    assert ask(request, size=3).mode is Mode.PERSONAL


def test_more_and_less_move_the_products_of_a_category(
    cups: Category, category: Category, publish: Publish, ask: Ask, remembered: Person
) -> None:
    # Given a cup and a tea in the history: p2 leads to the tea p4, p1 to the cup p3, half each
    publish(weights=Weights(attention=0.0, transitions=0.8, popularity=0.2, repeats=0.0))
    request = remembered((Kind.VIEW, "p1"), (Kind.VIEW, "p2"))
    first = {item.key: item.score for item in ask(request, size=10).items}
    assert keys_of(ask(request, size=2)) == ["p4", "p3"]

    services.change_weight(shopper_id=of(request), category_id=cups.pk, weight=Weight.MORE)
    services.change_weight(shopper_id=of(request), category_id=category.pk, weight=Weight.LESS)
    slate = ask(request, size=10)

    # Then cups stand twice as high, teas half, and the reasons are the same
    assert keys_of(slate)[:2] == ["p3", "p4"]
    scores = {item.key: item.score for item in slate.items}
    assert scores["p3"] == pytest.approx(2 * first["p3"])
    assert scores["p4"] == pytest.approx(first["p4"] / 2)
    assert slate.items[0].reason.source == "p1"
    assert sum(slate.items[0].parts) == pytest.approx(slate.items[0].score)


def test_more_lifts_a_product_from_below_the_list(
    publish: Publish, ask: Ask, remembered: Person, cups: Category
) -> None:
    # Given a list of one, on which the cup p3 does not stand
    publish()
    request = remembered((Kind.VIEW, "p1"), (Kind.VIEW, "p2"))
    assert keys_of(ask(request, size=1)) == ["p4"]

    services.change_weight(shopper_id=of(request), category_id=cups.pk, weight=Weight.MORE)

    assert keys_of(ask(request, size=1)) == ["p3"]


@pytest.mark.django_db(transaction=True)
def test_corrections_cost_a_slate_no_query(
    publish: Publish,
    ask: Ask,
    remembered: Person,
    cups: Category,
    category: Category,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    # Given somebody without corrections, and what a slate asks the database then
    publish()
    plain = remembered((Kind.VIEW, "p0"))
    ask(plain)
    with CaptureQueriesContext(connection) as without:
        assert ask(plain).mode is Mode.PERSONAL

    # Then a slate of somebody with corrections asks no more
    request = remembered((Kind.VIEW, "p0"), (Kind.VIEW, "p1"))
    services.pause(shopper_id=of(request), category_id=cups.pk)
    services.change_weight(shopper_id=of(request), category_id=category.pk, weight=Weight.MORE)
    ask(request)
    with django_assert_num_queries(len(without)):
        assert ask(request).mode is Mode.PERSONAL


@pytest.mark.django_db(transaction=True)
def test_a_history_that_is_kept_warm_is_corrected_as_well(
    publish: Publish, ask: Ask, remembered: Person, cups: Category, category: Category
) -> None:
    # Given a history that was read twice, and so is kept where there is a Redis
    publish()
    request = remembered((Kind.VIEW, "p0"), (Kind.VIEW, "p1"))
    assert ask(request, size=10).mode is ask(request, size=10).mode is Mode.PERSONAL

    def sources() -> set[str]:
        return {item.reason.source for item in ask(request, size=10).items} - {""}

    assert sources() == {"p0", "p1"}

    # Then each correction holds in the next slate, also for what is done afterwards
    services.pause(shopper_id=of(request), category_id=cups.pk)
    assert sources() == {"p0"}
    assert record(request=request, kind=Kind.CLICK, product_key="p1")
    assert sources() == {"p0"}
    services.resume(shopper_id=of(request), category_id=cups.pk)
    assert sources() == {"p0", "p1"}
    services.remove(shopper_id=of(request), category_id=category.pk)
    assert sources() == {"p1"}
    assert not record(request=request, kind=Kind.VIEW, product_key="p0")
    assert sources() == {"p1"}
    services.start_over(shopper_id=of(request))
    assert ask(request, size=10).mode is Mode.CONTEXTUAL

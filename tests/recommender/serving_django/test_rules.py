"""What may never be on a slate, and the stages other apps add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.http import HttpRequest

from recommender.catalog.models import Category, Product
from recommender.events.kinds import Kind
from recommender.serving import live, stages
from recommender.serving.models import Placement, SeenRule
from recommender.serving.slate import Reason, ReasonKind, Slate, SlateItem
from tests.recommender.serving_django.conftest import Ask, Publish, keys_of

Person = Callable[..., HttpRequest]


def test_unlisted_and_sensitive_products_never_appear(
    publish: Publish, products: list[Product], category: Category, ask: Ask, anybody: HttpRequest
) -> None:
    secret = Category.objects.create(
        site=category.site, host_key="secret", name="Secret", sensitive=True
    )
    Product.objects.filter(host_key="p8").update(is_listed=False)
    Product.objects.filter(host_key="p9").update(category=secret)
    publish()

    assert keys_of(ask(anybody, size=3)) == ["p5", "p6", "p7"]


def test_a_product_unlisted_after_the_model_was_opened_is_gone_at_once(
    publish: Publish, products: list[Product], ask: Ask, anybody: HttpRequest
) -> None:
    publish()
    assert keys_of(ask(anybody, size=1)) == ["p8"]

    Product.objects.filter(host_key="p8").update(is_listed=False)

    assert keys_of(ask(anybody, size=1)) == ["p9"]


def test_a_category_flagged_later_leaves_history_reasons_and_slates_at_once(
    publish: Publish, products: list[Product], category: Category, ask: Ask, remembered: Person
) -> None:
    secret = Category.objects.create(site=category.site, host_key="s", name="S")
    Product.objects.filter(host_key__in=["p0", "p2"]).update(category=secret)
    publish()
    request = remembered((Kind.VIEW, "p0"))
    assert keys_of(ask(request))[:2] == ["p1", "p2"]

    Category.objects.filter(pk=secret.pk).update(sensitive=True)
    slate = ask(request)

    assert not {"p0", "p2"} & set(keys_of(slate))
    assert not {"p0", "p2"} & {item.reason.source for item in slate.items}


def test_the_page_product_and_the_basket_are_left_out(
    publish: Publish, ask: Ask, anybody: HttpRequest, host: type
) -> None:
    publish()
    host.basket = ("p9",)

    assert keys_of(ask(anybody, "search", product="p8", size=3)) == ["p5", "p6", "p7"]


def test_what_a_person_hid_stays_away_on_every_placement_and_rung(
    publish: Publish, products: list[Product], ask: Ask, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "p0"), (Kind.HIDE, "p1"), (Kind.HIDE, "p9"))

    without_model = ask(request)
    live.forget()
    publish()
    slates = [ask(request), ask(request, "product", product="p0"), without_model]

    for slate in slates:
        assert slate.items
        assert not {"p1", "p9"} & set(keys_of(slate))


def test_a_placement_may_show_what_people_come_back_for(
    publish: Publish, ask: Ask, remembered: Person
) -> None:
    publish(seen_filter=False)
    request = remembered((Kind.VIEW, "p9"), (Kind.VIEW, "p0"))
    kept = keys_of(ask(request, size=5))

    Placement.objects.filter(name="home").update(seen=SeenRule.DROP)
    from recommender.serving import placements

    placements.forget()
    dropped = keys_of(ask(request, size=5))

    assert "p9" in kept
    assert not {"p0", "p9"} & set(dropped)


def test_a_category_placement_stays_inside_its_category_and_those_below(
    publish: Publish, products: list[Product], category: Category, ask: Ask, remembered: Person
) -> None:
    below = Category.objects.create(
        site=category.site, host_key="green", name="Green", parent=category
    )
    other = Category.objects.create(site=category.site, host_key="other", name="Other")
    Product.objects.exclude(host_key__in=["p2", "p3"]).update(category=other)
    Product.objects.filter(host_key="p3").update(category=below)
    publish()
    request = remembered((Kind.VIEW, "p0"))
    Placement.objects.filter(name="category").update(fallback="nothing")

    assert set(keys_of(ask(request, "category", category="tea"))) == {"p2", "p3"}
    assert keys_of(ask(request, "category", category="green")) == ["p3"]
    assert keys_of(ask(request, "category", category="unknown")) == []


def test_stages_run_in_order_and_what_they_insert_is_dressed(
    publish: Publish, products: list[Product], ask: Ask, anybody: HttpRequest
) -> None:
    publish()
    ran: list[str] = []

    def insert(slate: Slate, **asked: object) -> Slate:
        ran.append("insert")
        sponsored = SlateItem(
            key="p0",
            product_id=products[0].pk,
            position=1,
            score=0.0,
            reason=Reason(kind=ReasonKind.POPULAR),
            disclosure="Sponsored",
            url="/r/1/",
        )
        return replace(slate, items=(sponsored, *slate.items))

    def note(slate: Slate, **asked: object) -> Slate:
        ran.append("note")
        return slate

    with (
        stages.registered("late", note, order=200),
        stages.registered("early", insert, order=100),
    ):
        slate = ask(anybody, size=2)

    assert ran == ["insert", "note"]
    assert keys_of(slate) == ["p0", "p8", "p9"]
    assert [item.position for item in slate.items] == [1, 2, 3]
    assert slate.products["p0"].title == "Tea 0"
    assert stages.all_stages() == []


def test_a_stage_that_inserts_what_cannot_be_had_inserts_nothing(
    publish: Publish, products: list[Product], ask: Ask, anybody: HttpRequest, host: type
) -> None:
    publish()
    host.sold_out = {"p0"}

    def insert(slate: Slate, **asked: object) -> Slate:
        item = replace(slate.items[0], key="p0", product_id=products[0].pk)
        return replace(slate, items=(item, *slate.items))

    with stages.registered("ads", insert):
        assert keys_of(ask(anybody, size=2)) == ["p8", "p9"]


def test_a_stage_that_fails_is_skipped_and_said(
    publish: Publish, ask: Ask, anybody: HttpRequest
) -> None:
    publish()

    def broken(slate: Slate, **asked: object) -> Slate:
        raise RuntimeError("not today")

    with stages.registered("ads", broken):
        slate = ask(anybody, size=2)

    assert keys_of(slate) == ["p8", "p9"]
    assert slate.cause == "stage ads:RuntimeError"


def test_two_stages_may_not_share_a_name() -> None:
    def same(slate: Slate, **asked: object) -> Slate:
        return slate

    with (
        stages.registered("ads", same),
        pytest.raises(ValueError, match="A slate stage named 'ads' is registered already"),
    ):
        stages.register("ads")(same)

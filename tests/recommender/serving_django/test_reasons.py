"""Reasons claim what the numbers bear out, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.http import HttpRequest
from django.utils import translation

from recommender.catalog.models import Product
from recommender.events.kinds import Kind
from recommender.serving import explanation
from recommender.serving.format import Weights
from recommender.serving.profile import Encounter
from recommender.serving.recall import Ranked
from recommender.serving.slate import Reason, ReasonKind, Slate
from tests.recommender.serving_django.conftest import Ask, Publish

Person = Callable[..., HttpRequest]


def words(slate: Slate, key: str) -> str:
    """The reason's words of the item ``key``."""
    item = next(item for item in slate.items if item.key == key)
    return explanation.text(item.reason, slate.products)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.VIEW, "Often follows Tea 0, which you viewed"),
        (Kind.CART_ADD, "Often follows Tea 0, which you put in your basket"),
        (Kind.ORDER, "Often follows Tea 0, which you bought"),
        (Kind.FAVORITE, "Often follows Tea 0, one of your favorites"),
        (Kind.SHARE, "Often follows Tea 0"),
    ],
)
def test_what_follows_names_the_product_and_what_the_person_did(
    kind: Kind, expected: str, publish: Publish, ask: Ask, remembered: Person
) -> None:
    publish()

    slate = ask(remembered((kind, "p0")))

    assert words(slate, "p1") == expected


def test_the_reason_is_the_largest_part(publish: Publish, ask: Ask, remembered: Person) -> None:
    publish(weights=Weights(attention=0.0, transitions=0.3, popularity=0.7, repeats=0.0))

    slate = ask(remembered((Kind.VIEW, "p0")))

    for item in slate.items:
        largest = int(np.argmax(item.parts))
        assert item.score == pytest.approx(sum(item.parts))
        expected = ReasonKind.FOLLOWS if largest == 1 else ReasonKind.POPULAR
        assert item.reason.kind is expected
    assert {item.reason.kind for item in slate.items} == {ReasonKind.FOLLOWS, ReasonKind.POPULAR}


def test_the_named_product_is_the_one_whose_transition_weighs_most(
    publish: Publish, ask: Ask, remembered: Person
) -> None:
    publish(transitions={0: {3: 0.2}, 1: {3: 0.9}, 2: {4: 1.0}})

    slate = ask(remembered((Kind.VIEW, "p0"), (Kind.VIEW, "p1"), (Kind.VIEW, "p2")))

    assert words(slate, "p3") == "Often follows Tea 1, which you viewed"
    assert words(slate, "p4") == "Often follows Tea 2, which you viewed"


def test_own_repeats_say_bought_only_of_what_was_bought(
    publish: Publish, ask: Ask, remembered: Person
) -> None:
    publish(
        seen_filter=False,
        transitions={},
        weights=Weights(attention=0.0, transitions=0.0, popularity=0.1, repeats=0.9),
    )

    slate = ask(remembered((Kind.ORDER, "p0"), (Kind.VIEW, "p1"), (Kind.CART_ADD, "p2")))

    assert words(slate, "p0") == "You bought this before"
    assert words(slate, "p1") == "You looked at this before"
    assert words(slate, "p2") == "You looked at this before"
    assert words(slate, "p9") == "Popular in this shop"


def test_the_page_of_a_product_says_goes_with_or_popular(
    publish: Publish, ask: Ask, anybody: HttpRequest
) -> None:
    publish()

    slate = ask(anybody, "product", product="p0")

    assert words(slate, "p1") == "Goes with Tea 0"
    assert words(slate, "p9") == "Popular in this shop"


def test_the_basket_names_the_product_in_it(
    publish: Publish, ask: Ask, anybody: HttpRequest, host: type
) -> None:
    publish()
    host.basket = ("p7", "p1")

    slate = ask(anybody, "basket")

    assert words(slate, "p3") == "Goes with Tea 1 in your basket"


def ranked(*parts: tuple[float, float, float, float], sources: list[int]) -> Ranked:
    """A ranked list of items 0, 1, ... with these parts."""
    rows = np.array(parts, dtype=np.float32)
    items = np.arange(len(parts), dtype=np.int32)
    return Ranked(items, rows.sum(axis=1), rows, np.array(sources, dtype=np.int32))


def encounters(*done: tuple[str, Kind]) -> list[Encounter]:
    return [Encounter(0, key, kind, 10.0) for key, kind in done]


def test_attention_counts_the_products_the_encoder_read_and_no_more() -> None:
    history = encounters(
        ("old", Kind.ORDER),
        ("a", Kind.VIEW),
        ("unknown", Kind.VIEW),
        ("a", Kind.VIEW),
        ("b", Kind.CLICK),
    )

    reasons = explanation.own_reasons(
        ranked((1.0, 0.0, 0.0, 0.0), sources=[-1]),
        encounters=history,
        items=np.array([9, 1, -1, 1, 2]),
        weights=np.ones(5),
        history=3,
    )

    assert reasons == [Reason(kind=ReasonKind.HISTORY, action="view", count=2)]
    assert explanation.text(reasons[0], {}) == "Chosen from the last 2 products you viewed"


def test_attention_over_mixed_actions_does_not_say_viewed() -> None:
    reasons = explanation.own_reasons(
        ranked((1.0, 0.0, 0.0, 0.0), sources=[-1]),
        encounters=encounters(("a", Kind.ORDER)),
        items=np.array([1]),
        weights=np.ones(1),
        history=50,
    )

    assert explanation.text(reasons[0], {}) == "Chosen from what you did here with 1 product"


def test_a_product_that_may_not_be_named_is_not(products: list[Product]) -> None:
    follows = Reason(kind=ReasonKind.FOLLOWS, source="gone", action="view")
    goes = Reason(kind=ReasonKind.GOES_WITH, source="gone")

    assert explanation.text(follows, {}) == "Often follows what you looked at"
    assert explanation.text(goes, {}) == "Goes with this product"


def test_every_kind_has_words_in_every_language() -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for kind in ReasonKind:
                assert explanation.text(Reason(kind=kind, count=1), {})

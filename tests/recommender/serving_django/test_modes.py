"""Whose behavior ranks a slate: personal, visit, contextual; and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.http import HttpRequest

from consent import services as consent_services
from consent.privacy import is_personal
from consent.purposes import OPTIONAL_PURPOSES
from consent.visitor import Level, Visitor
from recommender.events.kinds import Kind
from recommender.serving.models import Placement, Recipe
from recommender.serving.slate import Mode, ReasonKind, Rung
from tests.recommender.serving_django.conftest import Ask, Publish, keys_of

Person = Callable[..., HttpRequest]


def test_an_undecided_visitor_gets_what_is_popular(
    publish: Publish, ask: Ask, anybody: HttpRequest
) -> None:
    publish()

    slate = ask(anybody, size=3)

    assert (slate.mode, slate.rung, slate.cause) == (Mode.CONTEXTUAL, Rung.MODEL, "")
    assert keys_of(slate) == ["p8", "p9", "p5"]
    assert {item.reason.kind for item in slate.items} == {ReasonKind.POPULAR}
    assert slate.heading == "Popular right now"
    assert not slate.is_private
    assert not is_personal(anybody)


def test_a_remembered_person_gets_what_follows_their_history(
    publish: Publish, ask: Ask, remembered: Person
) -> None:
    version = publish()
    request = remembered((Kind.VIEW, "p0"))

    slate = ask(request, size=3)

    assert (slate.mode, slate.rung) == (Mode.PERSONAL, Rung.MODEL)
    assert slate.model_version == version.version
    assert keys_of(slate)[:2] == ["p1", "p2"]
    assert "p0" not in keys_of(slate)
    assert slate.heading == "Recommended for you"
    assert slate.is_private
    assert is_personal(request)


def test_the_visit_ranks_from_its_cookie_and_the_server_keeps_nothing(
    publish: Publish, ask: Ask, visiting: Person
) -> None:
    publish()
    request = visiting("p7", "p0")

    slate = ask(request, size=3)

    assert slate.mode is Mode.VISIT
    assert keys_of(slate)[:2] == ["p1", "p2"]
    assert slate.items[0].reason.source == "p0"
    assert is_personal(request)


def test_a_remembered_person_without_history_is_answered_like_anybody(
    publish: Publish, ask: Ask, remembered: Person
) -> None:
    publish()

    slate = ask(remembered(), size=3)

    assert slate.mode is Mode.CONTEXTUAL
    assert keys_of(slate) == ["p8", "p9", "p5"]
    assert slate.is_private


def test_a_withdrawal_in_the_middle_of_a_page_ends_the_personal_mode(
    publish: Publish, ask: Ask, remembered: Person
) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"))
    before = ask(request)

    consent_services.withdraw(
        shopper_id=request.visitor.shopper_id,  # type: ignore[attr-defined]
        purposes=OPTIONAL_PURPOSES,
        actor="shopper",
    )
    after = ask(request)

    assert before.mode is Mode.PERSONAL
    assert after.mode is Mode.CONTEXTUAL
    assert keys_of(after)[0] == "p8"
    assert not {"p0"} & {item.reason.source for item in after.items}


def test_a_key_that_names_nobody_is_answered_like_anybody(
    publish: Publish, ask: Ask, anybody: HttpRequest
) -> None:
    publish()
    forged = "00000000-0000-4000-8000-000000000000"
    anybody.visitor = Visitor(Level.REMEMBER, 1, shopper_id=forged)  # type: ignore[attr-defined, arg-type]

    slate = ask(anybody)

    assert slate.mode is Mode.CONTEXTUAL
    assert not slate.is_private


def test_two_people_in_turn_never_mix(publish: Publish, ask: Ask, remembered: Person) -> None:
    publish()
    first, second = remembered((Kind.VIEW, "p0")), remembered((Kind.VIEW, "p1"))

    slates = [ask(request, size=1) for request in (first, second, first, second)]

    assert [keys_of(slate) for slate in slates] == [["p1"], ["p3"], ["p1"], ["p3"]]


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_never_mix(publish: Publish, ask: Ask, remembered: Person) -> None:
    # Given two people with different histories, asking at the same time from two threads
    publish()
    people = {"p1": remembered((Kind.VIEW, "p0")), "p3": remembered((Kind.VIEW, "p1"))}
    ask(people["p1"])
    seen: dict[str, set[str]] = {"p1": set(), "p3": set()}
    together = Barrier(2)

    def go(expected: str) -> None:
        together.wait()
        for _ in range(20):
            seen[expected].update(keys_of(ask(people[expected], size=1)))
        connection.close()

    threads = [Thread(target=go, args=(expected,)) for expected in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then each saw only what follows their own history
    assert seen == {"p1": {"p1"}, "p3": {"p3"}}


def test_the_page_of_a_product_shows_what_goes_with_it(
    publish: Publish, ask: Ask, anybody: HttpRequest
) -> None:
    publish()

    slate = ask(anybody, "product", product="p0", size=4)

    assert slate.mode is Mode.CONTEXTUAL
    assert keys_of(slate)[:2] == ["p1", "p2"]
    assert "p0" not in keys_of(slate)
    assert slate.heading == "Goes well with this product"


def test_the_basket_shows_what_goes_with_it_and_is_private(
    publish: Publish, ask: Ask, anybody: HttpRequest, host: type
) -> None:
    publish()
    host.basket = ("p1",)

    slate = ask(anybody, "basket", size=2)

    assert slate.mode is Mode.CONTEXTUAL
    assert keys_of(slate)[0] == "p3"
    assert slate.items[0].reason.kind is ReasonKind.GOES_WITH_BASKET
    assert slate.items[0].reason.source == "p1"
    assert is_personal(anybody)


def test_a_placement_of_what_is_popular_is_the_same_for_everybody(
    publish: Publish, ask: Ask, remembered: Person, anybody: HttpRequest, host: type
) -> None:
    publish()
    Placement.objects.filter(name="home").update(recipe=Recipe.POPULAR)
    host.basket = ("p8",)
    request = remembered((Kind.VIEW, "p0"), (Kind.HIDE, "p9"))

    slates = [ask(person, size=3) for person in (request, anybody)]

    assert keys_of(slates[0]) == keys_of(slates[1]) == ["p8", "p9", "p5"]
    assert not slates[0].is_private

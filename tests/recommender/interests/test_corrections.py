"""A correction holds from its commit on: in histories, in collection, in training."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from pytest_django import Settings

from consent.gate import permit_shopper
from consent.models import ConsentState, Decision
from consent.purposes import OPTIONAL_PURPOSES, Purpose
from consent.services import withdraw
from recommender.catalog.models import Category
from recommender.events.kinds import Kind
from recommender.events.models import Event, RefusalCount
from recommender.events.records import Cause
from recommender.events.selectors import (
    has_training_rows,
    hidden_keys,
    recent_history,
    training_rows,
)
from recommender.events.services import record
from recommender.interests import services
from recommender.interests.models import InterestChoice, State
from recommender.interests.services import NothingHeldError, Weight
from recommender.interests.tasks import delete_removed
from tests.recommender.interests.conftest import act

pytestmark = pytest.mark.django_db
Person = Callable[..., HttpRequest]


def ranked(request: HttpRequest) -> list[tuple[str, float]]:
    permit = permit_shopper(request.shopper.pk, Purpose.RECS_PERSONAL)  # type: ignore[attr-defined]
    rows = recent_history(permit=permit)  # type: ignore[arg-type]
    return [(row.host_key, row.weight) for row in rows]


def trained(shop: SimpleNamespace) -> list[int]:
    return [row.product_id for row in training_rows(site=shop.site, cut=timezone.now())]


def held(request: HttpRequest) -> list[tuple[int, str | None]]:
    rows = Event.rows.filter(shopper_id=request.shopper.pk).order_by("id")  # type: ignore[attr-defined]
    return list(rows.values_list("kind", "product__host_key"))


def about(request: HttpRequest, category_id: int | None) -> dict[str, object]:
    return {"shopper_id": request.shopper.pk, "category_id": category_id}  # type: ignore[attr-defined]


def test_a_paused_interest_neither_ranks_nor_trains_until_resumed(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"), (Kind.VIEW, "gift"))
    other = remembered((Kind.VIEW, "green"))
    green, cast, gift = (shop.products[key].pk for key in ("green", "cast", "gift"))

    # When the tea is paused, and looked at again
    assert services.pause(**about(request, shop.tea)) is True
    assert services.pause(**about(request, shop.tea)) is False
    act(request, (Kind.VIEW, "black"))

    # Then neither is used of this person; the other's is
    assert ranked(request) == [("cast", 1.0), ("gift", 1.0)]
    assert ranked(other) == [("green", 1.0)]
    assert sorted(trained(shop)) == sorted([cast, gift, green])

    # And both are, once it is resumed
    assert services.resume(**about(request, shop.tea)) is True
    assert ranked(request) == [("green", 1.0), ("cast", 1.0), ("gift", 1.0), ("black", 1.0)]
    assert len(trained(shop)) == 5
    assert not InterestChoice.objects.exists()


def test_a_paused_interest_does_not_take_the_place_of_others(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "cast"), *[(Kind.VIEW, "green")] * 5)
    services.pause(**about(request, shop.tea))
    permit = permit_shopper(request.shopper.pk, Purpose.RECS_PERSONAL)

    assert [row.host_key for row in recent_history(permit=permit, limit=2)] == ["cast"]


def test_a_removed_interest_is_deleted_and_not_taken_in_until_allowed(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered(
        (Kind.VIEW, "green"), (Kind.ORDER, "green", 1), (Kind.HIDE, "black"), (Kind.VIEW, "cast")
    )
    record(request=request, kind=Kind.SEARCH, category_key="tea", value=3)
    other = remembered((Kind.VIEW, "green"))
    before = held(other)

    # When the tea is removed
    assert services.remove(**about(request, shop.tea)) is True

    # Then its events are gone, but for what the person hid; nobody else's are
    assert held(request) == [(Kind.HIDE.code, "black"), (Kind.VIEW.code, "cast")]
    assert held(other) == before
    assert [key for key, _ in ranked(request)] == ["black", "cast"]

    # And nothing of it is stored: views, orders, a search in the category
    for kind, key in ((Kind.VIEW, "green"), (Kind.ORDER, "black")):
        outcome = record(request=request, kind=kind, product_key=key)
        assert outcome.cause is Cause.REMOVED_INTEREST
    searched = record(request=request, kind=Kind.SEARCH, category_key="tea", value=3)
    assert searched.cause is Cause.REMOVED_INTEREST
    assert record(request=request, kind=Kind.HIDE, product_key="green")
    assert record(request=request, kind=Kind.VIEW, product_key="gift")
    assert [key for _, key in held(request)] == ["black", "cast", "green", "gift"]
    counted = RefusalCount.objects.get(cause=Cause.REMOVED_INTEREST)
    assert counted.count == 3

    # When it is allowed again, then it is learned from nothing
    assert services.allow(**about(request, shop.tea)) is True
    assert services.allow(**about(request, shop.tea)) is False
    act(request, (Kind.VIEW, "black"))
    assert [key for _, key in held(request)] == ["black", "cast", "green", "gift", "black"]
    assert not InterestChoice.objects.exists()


def test_products_without_a_category_can_be_removed_too(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "gift"), (Kind.VIEW, "green"))
    record(request=request, kind=Kind.VIEW)

    services.remove(**about(request, None))

    assert record(request=request, kind=Kind.VIEW, product_key="gift").cause is (
        Cause.REMOVED_INTEREST
    )
    assert record(request=request, kind=Kind.VIEW)
    assert [key for _, key in held(request)] == ["green", None, None]


def test_a_removal_cannot_be_softened_by_an_old_page(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"))
    services.remove(**about(request, shop.tea))

    assert services.pause(**about(request, shop.tea)) is False
    assert services.resume(**about(request, shop.tea)) is False
    assert services.change_weight(**about(request, shop.tea), weight=Weight.MORE) is False

    choice = InterestChoice.objects.get()
    assert (choice.state, choice.weight) == (State.REMOVED, 1.0)


def test_a_long_removal_is_unreadable_at_once_and_finished_by_its_task(
    shop: SimpleNamespace,
    remembered: Person,
    settings: Settings,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "ERASE_ROWS": 2}
    request = remembered(*[(Kind.VIEW, "green")] * 5, (Kind.VIEW, "cast"))

    with django_capture_on_commit_callbacks(execute=False):
        services.remove(**about(request, shop.tea))
    assert len(held(request)) == 4
    assert [key for key, _ in ranked(request)] == ["cast"]
    assert trained(shop) == [shop.products["cast"].pk]

    # When the task runs, as often as it likes
    assert delete_removed(InterestChoice.objects.get().pk) == 3
    assert delete_removed() == 0
    assert held(request) == [(Kind.VIEW.code, "cast")]


def test_what_a_task_left_is_gone_before_the_interest_is_allowed(
    shop: SimpleNamespace,
    remembered: Person,
    settings: Settings,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "ERASE_ROWS": 1}
    request = remembered(*[(Kind.VIEW, "green")] * 3)
    with django_capture_on_commit_callbacks(execute=False):
        services.remove(**about(request, shop.tea))

    services.allow(**about(request, shop.tea))

    assert held(request) == []


def test_a_product_that_moves_into_a_removed_category_is_swept(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "cast"), (Kind.VIEW, "gift"))
    services.remove(**about(request, shop.tea))
    type(shop.products["cast"]).objects.filter(host_key="cast").update(category=shop.tea)

    assert [key for key, _ in ranked(request)] == ["gift"]
    assert delete_removed() == 1
    assert held(request) == [(Kind.VIEW.code, "gift")]


def test_weights_are_told_to_serving_and_survive_a_pause(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"))

    assert services.change_weight(**about(request, shop.tea), weight=Weight.MORE) is True
    assert services.change_weight(**about(request, shop.tea), weight=Weight.MORE) is False
    services.pause(**about(request, shop.tea))
    services.resume(**about(request, shop.tea))

    assert ranked(request) == [("green", 2.0), ("cast", 1.0)]
    assert len(trained(shop)) == 2

    services.change_weight(**about(request, shop.tea), weight=Weight.NORMAL)
    assert ranked(request) == [("green", 1.0), ("cast", 1.0)]
    assert not InterestChoice.objects.exists()


def test_undoing_everything_brings_no_deleted_event_back(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"), (Kind.VIEW, "gift"))
    services.remove(**about(request, shop.tea))
    services.pause(**about(request, shop.pots))
    services.change_weight(**about(request, None), weight=Weight.LESS)

    assert services.reset(shopper_id=request.shopper.pk) == 3

    assert ranked(request) == [("cast", 1.0), ("gift", 1.0)]
    assert record(request=request, kind=Kind.VIEW, product_key="green")


def test_starting_over_deletes_the_history_and_keeps_permission_and_choices(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.HIDE, "cast"))
    other = remembered((Kind.VIEW, "green"))
    services.remove(**about(request, shop.pots))
    decisions = Decision.objects.count()

    assert services.start_over(shopper_id=request.shopper.pk) == 2

    assert held(request) == []
    assert ranked(other) == [("green", 1.0)]
    assert Decision.objects.count() == decisions
    assert record(request=request, kind=Kind.VIEW, product_key="green")
    assert record(request=request, kind=Kind.VIEW, product_key="cast").cause is (
        Cause.REMOVED_INTEREST
    )


@pytest.mark.parametrize(
    "name", ["pause", "resume", "remove", "allow", "reset", "start_over", "change_weight"]
)
def test_nothing_is_corrected_of_who_allows_nothing(
    name: str, shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"))
    withdraw(shopper_id=request.shopper.pk, purposes=OPTIONAL_PURPOSES, actor="shopper")
    asked = about(request, shop.tea)
    if name in {"reset", "start_over"}:
        del asked["category_id"]
    if name == "change_weight":
        asked["weight"] = Weight.MORE

    with pytest.raises(NothingHeldError):
        getattr(services, name)(**asked)

    assert not InterestChoice.objects.exists()


def test_models_that_learned_from_what_was_deleted_get_a_deadline(
    shop: SimpleNamespace, remembered: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"))
    started: list[object] = []
    monkeypatch.setattr(
        services.lineage, "withdraw_from", lambda *, shopper_id, at: started.append(shopper_id)
    )

    services.pause(**about(request, shop.tea))
    services.remove(**about(request, None))
    assert started == []

    services.remove(**about(request, shop.tea))
    assert started == [request.shopper.pk]
    services.start_over(shopper_id=request.shopper.pk)
    services.start_over(shopper_id=request.shopper.pk)
    assert started == [request.shopper.pk] * 2


def test_a_person_may_restrict_while_a_new_policy_waits(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"))
    state = ConsentState.objects.get(pk=request.shopper.pk)
    state.suspended, state.purposes = state.purposes, 0
    state.save()

    assert services.remove(**about(request, shop.tea)) is True

    assert held(request) == []


def test_a_category_of_another_site_is_none(shop: SimpleNamespace, remembered: Person) -> None:
    request = remembered((Kind.VIEW, "green"))
    elsewhere = Category.objects.create(
        site=type(shop.site).objects.create(domain="other", name="other"), host_key="t", name="T"
    )

    with pytest.raises(NothingHeldError):
        services.remove(**about(request, elsewhere.pk))

    assert not InterestChoice.objects.exists()
    assert len(held(request)) == 1


def test_paused_interests_alone_are_nothing_to_learn_from(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"))
    assert has_training_rows(site=shop.site)

    services.pause(**about(request, shop.tea))

    assert not has_training_rows(site=shop.site)


def test_a_category_has_one_choice_and_a_bounded_weight(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered()
    values = {"shopper": request.shopper, "state": State.PAUSED, "changed_at": timezone.now()}
    InterestChoice.objects.create(category=None, **values)

    for wrong in (
        {"category": None},
        {"category_id": shop.tea, "weight": 2.5},
        {"category_id": shop.tea, "weight": 0.0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            InterestChoice.objects.create(**{**values, **wrong})

    assert InterestChoice.objects.count() == 1


def test_dislikes_of_a_paused_interest_stay_hidden(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.HIDE, "black"))
    services.pause(**about(request, shop.tea))
    permit = permit_shopper(request.shopper.pk, Purpose.RECS_PERSONAL)

    assert hidden_keys(recent_history(permit=permit)) == {"black"}

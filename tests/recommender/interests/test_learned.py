"""What the shop says it learned is what the events say, and nothing that was not permitted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.http import HttpRequest
from django.utils import timezone

from consent.gate import permit_shopper
from consent.purposes import Purpose
from consent.services import withdraw
from recommender.catalog.models import Category
from recommender.events.kinds import Kind
from recommender.events.models import Event
from recommender.events.selectors import category_totals
from recommender.interests.models import State
from recommender.interests.selectors import interests_of
from recommender.interests.services import Weight, change_weight, pause

pytestmark = pytest.mark.django_db
Person = Callable[..., HttpRequest]


def test_shares_rest_on_the_persons_own_events(shop: SimpleNamespace, remembered: Person) -> None:
    # Given somebody who ordered a tea, stayed 30 s with it and looked at a pot and at a gift
    request = remembered(
        (Kind.ORDER, "green", 1),
        (Kind.DWELL, "green", 30_000),
        (Kind.VIEW, "cast"),
        (Kind.VIEW, "gift"),
        (Kind.IMPRESSION, "black"),
        (Kind.HIDE, "black"),
    )
    # And somebody else, who is fond of pots
    remembered(*[(Kind.VIEW, "cast")] * 9)

    learned = interests_of(shopper_id=request.shopper.pk)

    # Then a tea has 6 of 8, and what was shown or hidden is no interest
    assert learned.is_used
    told = [(i.path, i.share, i.recent_share, i.events) for i in learned.interests]
    assert told == [
        (("Tea",), 0.75, 0.75, 2),
        ((), 0.125, 0.125, 1),
        (("Tea", "Pots"), 0.125, 0.125, 1),
    ]
    assert {interest.state for interest in learned.interests} == {State.USED}


def test_a_parent_nobody_named_is_not_told(shop: SimpleNamespace, remembered: Person) -> None:
    request = remembered((Kind.VIEW, "cast"))
    Category.objects.filter(pk=shop.tea).update(name="tea")

    assert interests_of(shopper_id=request.shopper.pk).interests[0].path == ("Pots",)


def test_a_page_left_open_counts_two_minutes(shop: SimpleNamespace, remembered: Person) -> None:
    request = remembered((Kind.DWELL, "green", 6 * 60 * 60 * 1000), (Kind.CART_ADD, "cast", 1))

    learned = interests_of(shopper_id=request.shopper.pk)

    assert [interest.share for interest in learned.interests] == [0.5, 0.5]


def test_the_last_month_has_shares_of_its_own(shop: SimpleNamespace, remembered: Person) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"))
    long_ago = timezone.now() - timedelta(days=31)
    Event.rows.filter(product=shop.products["green"]).update(occurred_at=long_ago)

    learned = interests_of(shopper_id=request.shopper.pk)

    told = {i.category_id: (i.share, i.recent_share, i.newest) for i in learned.interests}
    assert told[shop.tea] == (0.5, 0.0, long_ago)
    assert told[shop.pots][:2] == (0.5, 1.0)


def test_sensitive_and_unpermitted_events_are_no_interest(
    shop: SimpleNamespace, remembered: Person
) -> None:
    # Given a tea viewed without permission to rank, and pots that became sensitive
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"), (Kind.VIEW, "gift"))
    Event.rows.filter(product=shop.products["green"]).update(purposes=Purpose.ANALYTICS.bit)
    Category.objects.filter(pk=shop.pots).update(sensitive=True)

    learned = interests_of(shopper_id=request.shopper.pk)

    assert [(interest.path, interest.share) for interest in learned.interests] == [((), 1.0)]


def test_without_permission_to_rank_nothing_is_read(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"))
    pause(shopper_id=request.shopper.pk, category_id=shop.tea)
    withdraw(shopper_id=request.shopper.pk, purposes={Purpose.RECS_PERSONAL}, actor="shopper")

    learned = interests_of(shopper_id=request.shopper.pk)

    # Then the correction is told, since it still keeps the tea out of training
    assert not learned.is_used
    told = [(i.path, i.state, i.events, i.newest) for i in learned.interests]
    assert told == [(("Tea",), State.PAUSED, 0, None)]


def test_a_permit_for_something_else_opens_nothing(
    shop: SimpleNamespace, remembered: Person
) -> None:
    request = remembered((Kind.VIEW, "green"))
    permit = permit_shopper(request.shopper.pk, Purpose.MODEL_TRAIN)

    with pytest.raises(PermissionError):
        category_totals(permit=permit)  # type: ignore[arg-type]


def test_corrections_move_the_shares(shop: SimpleNamespace, remembered: Person) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"), (Kind.VIEW, "gift"))
    shopper = request.shopper.pk

    change_weight(shopper_id=shopper, category_id=shop.tea, weight=Weight.MORE)
    change_weight(shopper_id=shopper, category_id=None, weight=Weight.LESS)
    pause(shopper_id=shopper, category_id=shop.pots)

    told = [
        (i.category_id, i.state, i.weight, i.share, i.events)
        for i in interests_of(shopper_id=shopper).interests
    ]
    assert told == [
        (shop.tea, State.USED, 2.0, 0.8, 1),
        (None, State.USED, 0.5, 0.2, 1),
        (shop.pots, State.PAUSED, 1.0, 0.0, 1),
    ]


def test_the_page_asks_no_more_for_a_long_history(
    shop: SimpleNamespace, remembered: Person, django_assert_max_num_queries: object
) -> None:
    request = remembered(*[(Kind.VIEW, "green"), (Kind.VIEW, "cast")] * 30)
    pause(shopper_id=request.shopper.pk, category_id=shop.tea)

    # The gate, the choices, two windows, the weights, and the levels of the tree
    with django_assert_max_num_queries(7):  # type: ignore[operator]
        interests_of(shopper_id=request.shopper.pk)

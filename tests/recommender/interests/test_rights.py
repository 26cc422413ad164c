"""Corrections are personal data themselves: shown, exported, moved and erased with the rest."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.http import HttpRequest
from django.utils import timezone

from consent.holdings import Holding, all_holdings
from consent.purposes import OPTIONAL_PURPOSES, Purpose
from consent.rights.sections import section_of
from consent.services import erase, withdraw
from recommender.events.kinds import Kind
from recommender.events.selectors import training_rows
from recommender.interests import services
from recommender.interests.models import InterestChoice, State
from recommender.interests.services import Weight

pytestmark = pytest.mark.django_db
Person = Callable[..., HttpRequest]
LABEL = "attention_recommender.interests"


def holding() -> Holding:
    return next(each for each in all_holdings() if each.label == LABEL)


@pytest.fixture
def corrected(shop: SimpleNamespace, remembered: Person) -> HttpRequest:
    """Somebody who removed pots and wants more tea."""
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"))
    shopper = request.shopper.pk  # type: ignore[attr-defined]
    services.remove(shopper_id=shopper, category_id=shop.pots)
    services.change_weight(shopper_id=shopper, category_id=shop.tea, weight=Weight.MORE)
    return request


def test_corrections_are_shown_and_exported(corrected: HttpRequest) -> None:
    shopper = corrected.shopper.pk  # type: ignore[attr-defined]

    assert holding().count(shopper) == 2
    exported = list(holding().export(shopper))
    told = [(row["category"], row["state"], row["weight"]) for row in exported]
    assert told == [("pots", "removed", 1.0), ("tea", "used", 2.0)]
    assert set(exported[0]) == set(holding().schema)


def test_they_end_with_what_they_restrict(corrected: HttpRequest, remembered: Person) -> None:
    other = remembered((Kind.VIEW, "gift"))
    services.pause(shopper_id=other.shopper.pk, category_id=None)  # type: ignore[attr-defined]

    withdraw(
        shopper_id=corrected.shopper.pk,  # type: ignore[attr-defined]
        purposes=OPTIONAL_PURPOSES,
        actor="shopper",
    )

    assert [row.shopper_id for row in InterestChoice.objects.all()] == [
        other.shopper.pk  # type: ignore[attr-defined]
    ]


def test_they_keep_restricting_training_when_ranking_alone_is_withdrawn(
    shop: SimpleNamespace, remembered: Person
) -> None:
    # Given a paused interest of somebody who lets the model learn
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"))
    services.pause(shopper_id=request.shopper.pk, category_id=shop.tea)

    # When recommendations are withdrawn, and training is not
    withdraw(shopper_id=request.shopper.pk, purposes={Purpose.RECS_PERSONAL}, actor="shopper")

    # Then the tea is still not trained on
    assert InterestChoice.objects.get().state == State.PAUSED
    rows = list(training_rows(site=shop.site, cut=timezone.now()))
    assert [row.product_id for row in rows] == [shop.products["cast"].pk]


def test_erasing_a_person_erases_them_in_batches_and_in_whole(corrected: HttpRequest) -> None:
    shopper = corrected.shopper.pk  # type: ignore[attr-defined]

    assert holding().erase(shopper, 1) == 1
    assert InterestChoice.objects.count() == 1
    erase(shopper_id=shopper, actor="shopper")

    assert not InterestChoice.objects.exists()
    assert holding().erase(shopper, None) == 0


def test_joined_histories_keep_the_stricter_choice(
    shop: SimpleNamespace, corrected: HttpRequest, remembered: Person
) -> None:
    # Given an account that removed tea and paused gifts
    account = remembered((Kind.VIEW, "gift")).shopper.pk
    services.remove(shopper_id=account, category_id=shop.tea)
    services.pause(shopper_id=account, category_id=None)
    move = holding().move
    assert move is not None

    # When a browser's corrections join it, one at a time
    browser = corrected.shopper.pk  # type: ignore[attr-defined]
    counts = [move(browser, account, frozenset({Purpose.ANALYTICS}), 1) for _ in range(3)]

    # Then each category has the stricter of the two
    assert counts == [1, 1, 0]
    rows = InterestChoice.objects.filter(shopper_id=account)
    assert {row.category_id: row.state for row in rows} == {
        shop.tea: State.REMOVED,
        shop.pots: State.REMOVED,
        None: State.PAUSED,
    }
    assert not InterestChoice.objects.filter(shopper_id=browser).exists()


def test_the_rights_page_has_them_as_a_section(
    shop: SimpleNamespace, corrected: HttpRequest
) -> None:
    section = section_of("interests")
    assert section is not None
    corrected.POST = {"category": str(shop.pots)}  # type: ignore[assignment]

    data = section.data(corrected.shopper.pk, corrected)  # type: ignore[attr-defined]
    assert data is not None
    assert [(g["state"], [line.name for line in g["lines"]]) for g in data["groups"]] == [
        ("used", ["Tea"]),
        ("removed", ["Tea › Pots"]),
    ]
    section.actions["allow"](corrected.shopper.pk, corrected)  # type: ignore[attr-defined]

    assert [row.category_id for row in InterestChoice.objects.all()] == [shop.tea]
    assert holding().correct == "attention_recommender:interests"

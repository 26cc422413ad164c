from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from recommender.simulation.actions import Actions
from recommender.simulation.plan import Plan
from recommender.simulation.shop import Shop, simulate


def _columns(actions: Actions) -> dict[str, Any]:
    return {each.name: getattr(actions, each.name) for each in fields(actions)}


def test_equal_plans_make_equal_shops(small_plan: Plan, small_shop: Shop) -> None:
    again = simulate(replace(small_plan))

    for name, column in _columns(again.actions).items():
        np.testing.assert_array_equal(column, getattr(small_shop.actions, name))
    assert list(again.products()) == list(small_shop.products())


def test_another_seed_makes_another_shop(small_plan: Plan, small_shop: Shop) -> None:
    other = simulate(replace(small_plan, seed=8))

    assert len(other.actions) != len(small_shop.actions)
    assert [each.title for each in other.products()] != [
        each.title for each in small_shop.products()
    ]


def test_the_end_moves_times_and_not_the_name(small_plan: Plan) -> None:
    moved = replace(small_plan, end=datetime(2027, 1, 1, tzinfo=UTC))

    assert moved.name == small_plan.name == "160x60x30-7"
    assert moved.digest() == small_plan.digest()
    assert simulate(moved).actions.at.max() < moved.end.timestamp() * 1000


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"products": 99}, "products must be at least 100"),
        ({"shoppers": 0}, "shoppers must be at least 1"),
        ({"days": 6}, "days must be at least 7"),
        ({"seed": -1}, "seed must not be negative"),
        ({"end": datetime(2026, 1, 1)}, "end must be aware"),  # noqa: DTZ001
    ],
)
def test_a_plan_that_makes_no_shop_is_refused(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plan(**sizes)


def test_the_smallest_plan_works() -> None:
    shop = simulate(Plan(products=100, shoppers=1, days=7))

    assert len(shop.catalog) == 100
    assert len(shop.last_products()) == 1
    assert shop.last_probabilities().shape == (1, 100)

from __future__ import annotations

import numpy as np

from recommender.simulation.actions import DWELL_MS, KINDS
from recommender.simulation.shop import Shop


def _of(shop: Shop, kind: str) -> np.ndarray:
    return np.flatnonzero(shop.actions.kind == KINDS.index(kind))


def test_there_are_events_of_every_kind_and_not_too_many(shop: Shop) -> None:
    counts = np.bincount(shop.actions.kind, minlength=len(KINDS))

    assert counts.min() > 1000
    assert 150_000 <= len(shop.actions) <= 250_000


def test_events_stand_by_shopper_and_time_inside_the_period(shop: Shop) -> None:
    actions = shop.actions
    end = shop.plan.end.timestamp() * 1000

    assert (np.diff(actions.shopper) >= 0).all()
    same = actions.shopper[1:] == actions.shopper[:-1]
    assert (np.diff(actions.at)[same] >= 0).all()
    assert actions.at.max() < end
    assert actions.at.min() >= end - shop.plan.days * 86_400_000


def test_every_shopper_came(shop: Shop) -> None:
    assert set(shop.actions.shopper.tolist()) == set(range(shop.plan.shoppers))


def test_every_look_is_a_view_with_its_dwell(shop: Shop) -> None:
    looks = len(shop.looks.product)
    dwell = shop.actions.value[_of(shop, "dwell")]

    assert len(_of(shop, "view")) == looks == len(dwell)
    assert dwell.min() >= DWELL_MS[0]
    assert dwell.max() <= DWELL_MS[1]


def test_orders_follow_the_basket_and_baskets_are_complete(shop: Shop) -> None:
    actions = shop.actions
    added: dict[tuple[int, int], tuple[int, int]] = {}
    for row in _of(shop, "cart_add"):
        key = (int(actions.visit[row]), int(actions.product[row]))
        assert key not in added
        added[key] = (int(actions.at[row]), int(actions.value[row]))
    ordered = _of(shop, "order")
    paid_visits = {int(actions.visit[row]) for row in ordered}
    lines = set()
    for row in ordered:
        key = (int(actions.visit[row]), int(actions.product[row]))
        lines.add(key)
        assert added[key][0] < actions.at[row]
        assert added[key][1] == actions.value[row] >= 1

    assert lines == {key for key in added if key[0] in paid_visits}


def test_nothing_leaves_a_basket_that_was_paid(shop: Shop) -> None:
    actions = shop.actions
    paid = set(actions.visit[_of(shop, "order")].tolist())

    assert not paid & set(actions.visit[_of(shop, "cart_remove")].tolist())


def test_prices_are_positive_cents_and_cut_in_promotions(shop: Shop) -> None:
    actions = shop.actions
    priced = np.flatnonzero(actions.price_micros >= 0)
    usual = np.rint(shop.catalog.price * 100).astype(np.int64) * 10_000

    assert (actions.price_micros[priced] > 0).all()
    assert (actions.price_micros[priced] % 10_000 == 0).all()
    assert (actions.price_micros[priced] <= usual[actions.product[priced]]).all()
    assert (actions.price_micros[priced] < usual[actions.product[priced]]).any()
    assert (actions.price_micros[_of(shop, "dwell")] == -1).all()


def test_visits_of_one_shopper_do_not_overlap(shop: Shop) -> None:
    actions = shop.actions
    same = actions.shopper[1:] == actions.shopper[:-1]

    assert (np.diff(actions.visit)[same] >= 0).all()

"""The judge itself is judged: what was planted can be found, and the law is the sampler's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from recommender.simulation import judge
from recommender.simulation.plan import Plan
from recommender.simulation.shop import Shop, simulate


def test_probabilities_are_probabilities(shop: Shop) -> None:
    chances = shop.last_probabilities()

    assert chances.shape == (1500, 2400)
    assert chances.min() >= 0
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-4)


def test_the_walk_samples_from_the_law_it_tells(shop: Shop) -> None:
    chances = shop.last_probabilities().astype(np.float64)
    targets = shop.last_products()
    told = np.log(np.take_along_axis(chances, targets[:, None].astype(np.int64), axis=1)[:, 0])
    logs = np.log(np.maximum(chances, 1e-30))
    expected = (chances * logs).sum(axis=1)
    spread = (chances * (logs - expected[:, None]) ** 2).sum(axis=1)

    error = (told - expected).sum() / np.sqrt(spread.sum())

    assert abs(error) < 4


def test_the_truth_beats_counts_and_counts_beat_popularity(shop: Shop) -> None:
    targets = shop.last_products()
    truth = judge.score(shop.last_probabilities(), targets)
    pairs = judge.score(judge.transitions(shop), targets)
    popular = judge.score(judge.popularity(shop), targets)

    assert truth.ndcg > 2 * pairs.ndcg > 10 * popular.ndcg > 0
    assert truth.ndcg > 0.25
    assert truth.hit_rate > 0.45


def test_score_is_exact_and_counts_ties_against_the_ranking() -> None:
    scores = np.array([[0.1, 0.9, 0.5], [0.3, 0.3, 0.3]], dtype=np.float32)
    targets = np.array([2, 0], dtype=np.int32)

    first = judge.score(scores, targets, k=2)

    assert first.hit_rate == 0.5
    assert first.ndcg == pytest.approx(0.5 / np.log2(3))


def test_sensitive_products_are_never_looked_at(shop: Shop) -> None:
    sensitive = {shelf.key for shelf in shop.words.shelves if shelf.sensitive}
    hidden = [kind.category in sensitive for kind in shop.words.types]
    rows = np.array(hidden)[shop.catalog.type_of]

    assert rows.sum() > 20
    assert not rows[shop.looks.product].any()
    assert shop.last_probabilities()[:, rows].max() == 0


def test_a_price_cut_draws_looks(shop: Shop) -> None:
    goods, looks = shop.catalog, shop.looks
    promoted = np.flatnonzero(goods.discount > 0)
    days = (np.minimum(goods.promo_to, shop.plan.days) - goods.promo_from)[promoted].sum()
    during = (looks.discount > 0).sum() / days
    on_promoted = np.isin(looks.product, promoted).sum()
    others = (on_promoted - (looks.discount > 0).sum()) / (len(promoted) * shop.plan.days - days)

    assert during > 1.5 * others


def test_an_errand_has_its_season() -> None:
    plan = Plan(shoppers=600, days=30, seed=3)
    spring = simulate(replace(plan, end=datetime(2026, 5, 1, tzinfo=UTC)))
    autumn = simulate(replace(plan, end=datetime(2026, 11, 1, tzinfo=UTC)))
    garden = [each.key for each in spring.words.intents].index("balcony-garden")

    share = [(each.looks.intent == garden).mean() for each in (spring, autumn)]

    assert share[0] > 2 * share[1]


def test_an_accessory_follows_its_device(shop: Shop) -> None:
    looks, truth = shop.looks, shop.truth
    kinds = shop.catalog.type_of[looks.product]
    same_visit = looks.visit[1:] == looks.visit[:-1]
    pairs = truth.goes_with_at_all[kinds[:-1], kinds[1:]]
    after_basket = pairs[same_visit & looks.carted[:-1]].mean()
    after_look = pairs[same_visit & ~looks.carted[:-1]].mean()

    assert after_basket > 0.4
    assert after_basket > 1.4 * after_look


def test_an_accessory_comes_from_the_same_collection(shop: Shop) -> None:
    looks, goods = shop.looks, shop.catalog
    kinds = goods.type_of[looks.product]
    same_visit = looks.visit[1:] == looks.visit[:-1]
    pair = shop.truth.goes_with_at_all[kinds[:-1], kinds[1:]] & same_visit
    line = goods.line_of[looks.product]

    assert (line[:-1] == line[1:])[pair].mean() > 0.35


def test_what_runs_out_is_bought_again(shop: Shop) -> None:
    refills = np.array([kind.refill_days is not None for kind in shop.words.types])
    bought = shop.looks.carted & shop.looks.ordered[shop.looks.visit]
    rows = np.flatnonzero(bought)
    again = {True: [0, 0], False: [0, 0]}
    owned: set[tuple[int, int]] = set()
    for row in rows:
        pair = (int(shop.looks.shopper[row]), int(shop.looks.product[row]))
        runs_out = bool(refills[shop.catalog.type_of[pair[1]]])
        again[runs_out][0] += pair in owned
        again[runs_out][1] += 1
        owned.add(pair)

    repeated = {key: count / total for key, (count, total) in again.items()}

    assert repeated[True] > 0.15
    assert repeated[True] > 3 * repeated[False]


def test_those_who_left_do_not_come_back(shop: Shop) -> None:
    last_day = shop.people.leaves[shop.visits.shopper]

    late = shop.visits.day - last_day

    assert (late > 1.5).mean() < 0.01
    assert (shop.people.leaves < shop.plan.days - 1).mean() > 0.25

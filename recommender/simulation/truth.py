"""The law the artificial shoppers obey, and its exact probabilities.

A shopper looks at one product after another. Each look draws a product type, then a product of the
type. Everything the law depends on is in ``State``; the walk samples from the same functions that
judges read, so ``next_probabilities`` is the true distribution, not an estimate.

- Type, at the start of a visit: a share of the mass goes to what is *needed* (things that run out
  and are due, accessories of what was bought lately), the rest to the errand of the visit.
- Type, later: stay and compare, go on along the errand, turn to what goes with the product at hand,
  or drift to another of the shopper's errands. A type already put into the basket is mostly done.
- Product: quality, tastes for brand and collection, distance of the price from the shopper's
  budget, a running price cut, and fit with the product at hand (same collection, same brand;
  stronger between a thing and what goes with it). Pages seen in the visit are avoided.
- Habit: what ran out is bought again as the same product, most of the time; what lasts is not.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.simulation.catalog import Catalog, Floats, Ints, floats
from recommender.simulation.population import Population
from recommender.simulation.vocabulary import Vocabulary

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """Every planted effect, as a number.

    Attributes:
        need: most of the mass that needs can take at the start of a visit.
        habit: probability that a thing that ran out is replaced by the same product.
        accessory_days: mean days during which an accessory is still wanted after a purchase.
        looking: weights of stay, errand, goes-with and drift after a mere look.
        carted: the same after the product was put into the basket.
        done: factor on types already in the basket.
        settled: factor on types bought before that do not run out.
        kept: what the very product loses that was bought and does not run out.
        quality, brand, line, price, cut: weights of the parts of a product's utility.
        same_line, same_brand: fit with the product at hand.
        match: factor on both between a thing and what goes with it.
        seen: what a page already seen in the visit loses.
    """

    need: float = 0.6
    habit: float = 0.75
    accessory_days: float = 9.0
    looking: tuple[float, float, float, float] = (0.40, 0.32, 0.20, 0.08)
    carted: tuple[float, float, float, float] = (0.03, 0.42, 0.47, 0.08)
    done: float = 0.12
    settled: float = 0.3
    kept: float = 2.5
    quality: float = 0.7
    brand: float = 0.8
    line: float = 0.8
    price: float = 0.7
    cut: float = 4.0
    same_line: float = 1.3
    same_brand: float = 0.9
    match: float = 1.6
    seen: float = 4.0


@dataclass(slots=True, kw_only=True)
class State:
    """What the next look depends on, for ``b`` shoppers at once.

    Attributes:
        shopper: int32[b], rows of the population.
        day: float64[b], days since the period began.
        fresh: bool[b], the look opens a visit.
        intent: int32[b], errand of the visit.
        product: int32[b], product at hand; read only where not ``fresh``.
        carted: bool[b], the product at hand was just put into the basket.
        done: bool[b, k], types in the basket of this visit.
        recent: int32[b, r], pages seen in this visit, -1 where none.
        owned: int32[b, k], product last bought of each type, -1 where none.
        owned_day: float32[b, k], when; minus infinity where never.
    """

    shopper: Ints
    day: npt.NDArray[np.float64]
    fresh: Bools
    intent: Ints
    product: Ints
    carted: Bools
    done: Bools
    recent: Ints
    owned: Ints
    owned_day: Floats

    def rows(self, index: npt.NDArray[np.int64]) -> State:
        """A copy of some rows."""
        return State(**{each.name: getattr(self, each.name)[index] for each in fields(self)})


class Habit(NamedTuple):
    """Per row and type: the product bought again and its mass; mass 0 where none is due."""

    product: Ints
    mass: Floats


class Truth:
    """Catalog, population and law, with the true probabilities of what comes next."""

    def __init__(
        self, *, words: Vocabulary, catalog: Catalog, people: Population, law: Law | None = None
    ) -> None:
        self.words = words
        self.catalog = catalog
        self.people = people
        self.law = law or Law()
        index = {kind.key: row for row, kind in enumerate(words.types)}
        self.starts = _starts(words, index)
        self.paths = _paths(words, index, self.starts)
        self.goes_with = _goes_with(words, index)
        self.goes_with_at_all = self.goes_with > 0
        refill = [kind.refill_days or np.nan for kind in words.types]
        self.refill_days = np.array(refill, dtype=np.float32)
        self.lasts = np.isnan(self.refill_days)

    def due(self, state: State) -> Floats:
        """How far each thing that runs out has run out: 0 to 1, float32[b, k]."""
        with np.errstate(invalid="ignore"):
            age = (state.day[:, None].astype(np.float32) - state.owned_day) / self.refill_days
            level = np.where(age < 2.5, np.clip((age - 0.7) / 0.4, 0, 1), 0)
        return floats(np.nan_to_num(level))

    def needs(self, state: State) -> Floats:
        """Unnormalized weight of each type that is needed, float32[b, k]."""
        age = np.maximum(state.day[:, None].astype(np.float32) - state.owned_day, 0)
        fresh = np.exp(-age / np.float32(self.law.accessory_days))
        wanted = (fresh @ self.goes_with) * (state.owned < 0)
        return floats(2.0 * self.due(state) + wanted)

    def type_probabilities(self, state: State) -> Floats:
        """Probability of each product type for the next look, float32[b, k]."""
        result = np.empty((len(state.shopper), len(self.words.types)), dtype=np.float32)
        opening = np.flatnonzero(state.fresh)
        if len(opening):
            result[opening] = self._opening(state.rows(opening))
        later = np.flatnonzero(~state.fresh)
        if len(later):
            result[later] = self._later(state.rows(later))
        settled = (state.owned >= 0) & self.lasts
        result = np.where(settled, result * np.float32(self.law.settled), result)
        return floats(result / result.sum(axis=1, keepdims=True))

    def _opening(self, state: State) -> Floats:
        needs = self.needs(state)
        total = needs.sum(axis=1, keepdims=True)
        mass = self.law.need * -np.expm1(-total)
        share = needs / np.maximum(total, 1e-9)
        return floats(mass * share + (1 - mass) * self.starts[state.intent])

    def _later(self, state: State) -> Floats:
        at = self.catalog.type_of[state.product]
        weights = np.where(
            state.carted[:, None], np.array(self.law.carted), np.array(self.law.looking)
        ).astype(np.float32)
        stay, path, goes, drift = (weights[:, [column]] for column in range(4))
        errands = self.people.intents[state.shopper] @ self.starts
        result = path * self.paths[state.intent, at] + drift * errands
        result += goes * np.where(
            self.goes_with[at].sum(axis=1, keepdims=True) > 0, self.goes_with[at], errands
        )
        result[np.arange(len(at)), at] += stay[:, 0]
        return floats(np.where(state.done, result * np.float32(self.law.done), result))

    def fit(self, shopper: Ints, products: Ints, discount: Floats) -> Floats:
        """How well products suit shoppers, whatever they look at; the arguments broadcast."""
        law, goods, people = self.law, self.catalog, self.people
        paid = goods.price_z[products] - discount
        off = np.abs(paid - people.budget[shopper])
        return floats(
            law.quality * goods.quality[products]
            + law.brand * people.brand_taste[shopper, goods.brand_of[products]]
            + law.line * people.line_taste[shopper, goods.line_of[products]]
            - law.price * people.thrift[shopper] * off
            + law.cut * discount * people.thrift[shopper]
        )

    def utility(self, state: State, products: Ints) -> Floats:
        """Utility of candidates: ``products`` int32[b, m] -> float32[b, m]."""
        goods, law = self.catalog, self.law
        shopper, hand = state.shopper[:, None], np.maximum(state.product, 0)[:, None]
        discount = goods.discount_on(state.day[:, None], products)
        result = self.fit(shopper, products, discount)
        pair = self.goes_with_at_all[goods.type_of[hand], goods.type_of[products]]
        near = law.same_line * (goods.line_of[products] == goods.line_of[hand])
        near = near + law.same_brand * (goods.brand_of[products] == goods.brand_of[hand])
        held = ~state.fresh[:, None]
        result += held * near * np.where(pair, np.float32(law.match), np.float32(1))
        for column in range(state.recent.shape[1]):
            result -= np.float32(law.seen) * (products == state.recent[:, [column]])
        rows = np.arange(len(products))[:, None]
        kinds = goods.type_of[products]
        kept = (state.owned[rows, kinds] == products) & self.lasts[kinds]
        return floats(result - np.float32(law.kept) * kept)

    def habit(self, state: State) -> Habit:
        """What would be bought again if a visit opened with it."""
        ready = state.fresh[:, None] & (state.owned >= 0)
        mass = np.where(ready, np.float32(self.law.habit) * self.due(state), np.float32(0))
        return Habit(product=state.owned, mass=mass.astype(np.float32))

    def next_probabilities(self, state: State) -> Floats:
        """The true distribution of the next product, float32[b, n]; rows sum to 1."""
        n, goods = len(self.catalog), self.catalog
        types = self.type_probabilities(state)
        everything = np.broadcast_to(np.arange(n, dtype=np.int32), (len(types), n))
        utility = self.utility(state, everything)
        weight = np.exp(utility - utility.max(axis=1, keepdims=True))
        starts = np.searchsorted(goods.type_of, np.arange(types.shape[1]))
        within = weight / np.add.reduceat(weight, starts, axis=1)[:, goods.type_of]
        habit = self.habit(state)
        result = types[:, goods.type_of] * (1 - habit.mass[:, goods.type_of]) * within
        row, kind = np.nonzero(habit.mass)
        np.add.at(result, (row, habit.product[row, kind]), types[row, kind] * habit.mass[row, kind])
        return floats(result)


def _starts(words: Vocabulary, index: dict[str, int]) -> Floats:
    """Where each errand begins: mostly at the first type of its path, float32[z, k]."""
    table = np.zeros((len(words.intents), len(words.types)), dtype=np.float32)
    for row, intent in enumerate(words.intents):
        for step, key in enumerate(intent.path):
            table[row, index[key]] = 0.45**step
    return floats(table / table.sum(axis=1, keepdims=True))


def _paths(words: Vocabulary, index: dict[str, int], starts: Floats) -> Floats:
    """Where each errand goes on from each type, float32[z, k, k]."""
    k = len(words.types)
    table = np.repeat(starts[:, None, :], k, axis=1)
    for row, intent in enumerate(words.intents):
        path = [index[key] for key in intent.path]
        for step, at in enumerate(path):
            ahead = np.zeros(k, dtype=np.float32)
            for distance, target in enumerate(path[step + 1 :]):
                ahead[target] += 0.3**distance
            if not ahead.any():
                ahead[path[0]] = 1
            table[row, at] = ahead / ahead.sum()
    return table


def _goes_with(words: Vocabulary, index: dict[str, int]) -> Floats:
    """What is bought after what; rows sum to 1, or to 0 where nothing goes with it."""
    table = np.zeros((len(words.types), len(words.types)), dtype=np.float32)
    for row, kind in enumerate(words.types):
        for key, weight in kind.goes_with.items():
            table[row, index[key]] = weight
    total = table.sum(axis=1, keepdims=True)
    return floats(np.divide(table, total, out=np.zeros_like(table), where=total > 0))

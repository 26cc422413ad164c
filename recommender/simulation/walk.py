"""The walk: every shopper looks, compares, fills the basket and pays, step by step.

All shoppers step at once: step ``t`` of the loop is the ``t``-th look of everybody who has one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.simulation.catalog import Floats, Ints, floats, ints
from recommender.simulation.plan import Plan
from recommender.simulation.population import Visits
from recommender.simulation.truth import Bools, State, Truth

REMEMBERED_PAGES = 6
BASKET = 8
"""Most products in one basket."""

KEEPS_ERRAND = 0.35
"""Probability that a visit goes on with the errand of the one before."""

ORDERS = 0.6
"""Probability that a visit with a basket ends with an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """All product pages seen, by shopper and then by time; ``e`` looks.

    Attributes:
        shopper, visit, product, intent: int32[e]; ``visit`` is a row of ``Visits``.
        fit: float32[e], how well the product suited the shopper.
        discount: float32[e], share cut from the price at that moment.
        favorite, carted: bool[e].
        ordered: bool[v], whether the visit ended with an order of its basket.
        offsets: int64[u + 1], looks of shopper ``s`` are ``offsets[s]:offsets[s + 1]``.
        last: the state from which each shopper's last look was drawn; rows are shoppers.
    """

    shopper: Ints
    visit: Ints
    product: Ints
    intent: Ints
    fit: Floats
    discount: Floats
    favorite: Bools
    carted: Bools
    ordered: Bools
    offsets: npt.NDArray[np.int64]
    last: State


def errands(plan: Plan, truth: Truth, visits: Visits, rng: np.random.Generator) -> Ints:
    """Draw the errand of each visit: tastes times season, often the one of the visit before."""
    intents = truth.words.intents
    start = plan.end.timetuple().tm_yday - plan.days
    angle = 2 * np.pi * (start + np.arange(plan.days)[:, None]) / 365.25
    peak = 2 * np.pi * (np.array([each.peak for each in intents]) - 0.5) / 12
    season = np.exp(np.array([each.swing for each in intents]) * np.cos(angle - peak))
    chance = truth.people.intents[visits.shopper] * season[visits.day.astype(np.int64)]
    chosen = _categorical(chance.astype(np.float32), rng)
    first = np.searchsorted(visits.shopper, visits.shopper) == np.arange(len(visits))
    drawn = first | (rng.random(len(visits)) >= KEEPS_ERRAND)
    source = np.maximum.accumulate(np.where(drawn, np.arange(len(visits)), 0))
    return chosen[source]


class Walk:
    """The loop's memory: what each shopper holds and owns, and what was drawn so far."""

    def __init__(
        self, *, truth: Truth, visits: Visits, errand: Ints, rng: np.random.Generator
    ) -> None:
        self.truth, self.visits, self.errand, self.rng = truth, visits, errand, rng
        users, types = len(truth.people), len(truth.words.types)
        self.visit = np.repeat(np.arange(len(visits), dtype=np.int32), visits.views)
        total = len(self.visit)
        self.shopper = visits.shopper[self.visit]
        ends = np.searchsorted(self.shopper, np.arange(users + 1))
        self.offsets = ends.astype(np.int64)
        self.product = np.zeros(total, dtype=np.int32)
        self.fit = np.zeros(total, dtype=np.float32)
        self.discount = np.zeros(total, dtype=np.float32)
        self.favorite = np.zeros(total, dtype=np.bool_)
        self.carted = np.zeros(total, dtype=np.bool_)
        self.ordered = rng.random(len(visits)) < ORDERS
        everyone = np.arange(users, dtype=np.int32)
        self.state = State(
            shopper=everyone,
            day=np.zeros(users),
            fresh=np.ones(users, dtype=np.bool_),
            intent=np.zeros(users, dtype=np.int32),
            product=np.full(users, -1, dtype=np.int32),
            carted=np.zeros(users, dtype=np.bool_),
            done=np.zeros((users, types), dtype=np.bool_),
            recent=np.full((users, REMEMBERED_PAGES), -1, dtype=np.int32),
            owned=np.full((users, types), -1, dtype=np.int32),
            owned_day=np.full((users, types), -np.inf, dtype=np.float32),
        )
        self.basket = np.full((users, BASKET), -1, dtype=np.int32)
        self.last = self.state.rows(everyone.astype(np.int64))

    def run(self) -> Looks:
        """Step until nobody has a look left."""
        lengths = np.diff(self.offsets)
        for step in range(int(lengths.max())):
            active = np.flatnonzero(lengths > step)
            self._step(active, self.offsets[active] + step, lengths[active] == step + 1)
        filled = np.zeros(len(self.visits), dtype=np.bool_)
        filled[self.visit[self.carted]] = True
        return Looks(
            shopper=self.shopper,
            visit=self.visit,
            product=self.product,
            intent=self.errand[self.visit],
            fit=self.fit,
            discount=self.discount,
            favorite=self.favorite,
            carted=self.carted,
            ordered=self.ordered & filled,
            offsets=self.offsets,
            last=self.last,
        )

    def _step(
        self, active: npt.NDArray[np.int64], look: npt.NDArray[np.int64], final: Bools
    ) -> None:
        state, visit = self.state, self.visit[look]
        opens = (look == 0) | (self.visit[np.maximum(look - 1, 0)] != visit)
        self._open(active[opens], look[opens])
        state.fresh[active] = opens
        state.intent[active] = self.errand[visit]
        state.day[active] = self.visits.day[visit]
        now = state.rows(active)
        for name in State.__slots__:
            getattr(self.last, name)[active[final]] = getattr(now, name)[final]
        product = self._draw(now)
        self._react(active, look, product, now)

    def _open(self, users: npt.NDArray[np.int64], look: npt.NDArray[np.int64]) -> None:
        """Close the visit before: pay if it ended with an order; empty basket and memory."""
        state = self.state
        paid = np.zeros(len(users), dtype=np.bool_)
        later = np.flatnonzero(look > self.offsets[users])
        paid[later] = self.ordered[self.visit[look[later] - 1]]
        for slot in range(BASKET):
            goods = self.basket[users, slot]
            bought = paid & (goods >= 0)
            kinds = self.truth.catalog.type_of[goods[bought]]
            state.owned[users[bought], kinds] = goods[bought]
            state.owned_day[users[bought], kinds] = state.day[users[bought]]
        self.basket[users] = -1
        state.done[users] = False
        state.recent[users] = -1
        state.carted[users] = False

    def _draw(self, now: State) -> Ints:
        """Sample a product for each row: the type, then habit or a product of the type."""
        truth, rng = self.truth, self.rng
        kind = _categorical(truth.type_probabilities(now), rng)
        rows = np.arange(len(kind))
        candidates = truth.catalog.by_type[kind]
        utility = truth.utility(now, np.maximum(candidates, 0))
        gumbel = rng.gumbel(size=candidates.shape).astype(np.float32)
        scores = np.where(candidates >= 0, utility + gumbel, -np.inf)
        chosen = candidates[rows, scores.argmax(axis=1)]
        habit = truth.habit(now)
        again = rng.random(len(kind)) < habit.mass[rows, kind]
        return ints(np.where(again, habit.product[rows, kind], chosen))

    def _react(
        self,
        active: npt.NDArray[np.int64],
        look: npt.NDArray[np.int64],
        product: Ints,
        now: State,
    ) -> None:
        """Favorite it, put it into the basket, remember it."""
        state, rng = self.state, self.rng
        kinds = self.truth.catalog.type_of[product]
        discount = self.truth.catalog.discount_on(now.day, product)
        fit = self.truth.fit(now.shopper, product, discount)
        rows = np.arange(len(active))
        basket = self.basket[active]
        room = (basket < 0).any(axis=1) & (basket != product[:, None]).all(axis=1)
        again = now.owned[rows, kinds] == product
        wish = -2.6 + 0.55 * fit + 4.0 * discount + 2.2 * again + 0.5 * ~now.fresh
        carted = room & (rng.random(len(active)) < _sigmoid(wish))
        slot = (basket < 0).argmax(axis=1)
        self.basket[active[carted], slot[carted]] = product[carted]
        self.product[look] = product
        self.fit[look] = fit
        self.discount[look] = discount
        self.carted[look] = carted
        self.favorite[look] = rng.random(len(active)) < _sigmoid(-3.9 + 0.8 * fit)
        state.product[active] = product
        state.carted[active] = carted
        state.done[active, kinds] |= carted
        state.recent[active, 1:] = now.recent[:, :-1]
        state.recent[active, 0] = product


def _categorical(weights: Floats, rng: np.random.Generator) -> Ints:
    """One draw per row, in proportion to the weights."""
    totals = np.cumsum(weights, axis=1, dtype=np.float64)
    draw = rng.random(len(weights)) * totals[:, -1]
    return ints(np.minimum((totals <= draw[:, None]).sum(axis=1), weights.shape[1] - 1))


def _sigmoid(x: npt.ArrayLike) -> Floats:
    return floats(1 / (1 + np.exp(-np.asarray(x))))

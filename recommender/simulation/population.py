"""The shoppers of the artificial shop: who they are, and when they come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.simulation.catalog import Floats, Ints, floats
from recommender.simulation.plan import Plan
from recommender.simulation.vocabulary import LINES, Vocabulary

WEEKDAY_WEIGHTS = (0.9, 0.9, 0.95, 1.0, 1.05, 1.25, 1.3)
"""How busy a day is, Monday first."""

MOST_VISITS = 40
MOST_VIEWS = 20
VISIT_GAP_DAYS = 3 / 24
"""Least time between the starts of two visits of one shopper; no visit is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What is true of each shopper; ``u`` shoppers.

    Attributes:
        persona: int32[u].
        intents: float32[u, z], how often each errand brings the shopper; rows sum to 1.
        brand_taste: float32[u, b]; line_taste: float32[u, l].
        budget: float32[u], preferred log price in spreads of the type.
        thrift: float32[u], how sharply a price off the budget is felt.
        arrives, leaves: float32[u], days between which the shopper comes at all.
    """

    persona: Ints
    intents: Floats
    brand_taste: Floats
    line_taste: Floats
    budget: Floats
    thrift: Floats
    arrives: Floats
    leaves: Floats

    def __len__(self) -> int:
        return len(self.persona)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """All visits, by shopper and then by time; ``v`` visits.

    Attributes:
        shopper: int32[v]; day: float64[v], start in days since the period began.
        views: int32[v], number of product pages seen.
    """

    shopper: Ints
    day: npt.NDArray[np.float64]
    views: Ints

    def __len__(self) -> int:
        return len(self.shopper)


def make_population(plan: Plan, words: Vocabulary, rng: np.random.Generator) -> Population:
    """Draw the shoppers."""
    u = plan.shoppers
    share = np.array([persona.share for persona in words.personas])
    persona = rng.choice(len(share), size=u, p=share / share.sum()).astype(np.int32)
    budget = np.array([each.budget for each in words.personas])[persona]
    thrift = np.array([each.thrift for each in words.personas])[persona]
    present = rng.random(u) < 0.45
    arrives = np.where(present, 0.0, rng.uniform(0, 0.75 * plan.days, u))
    stays = rng.random(u) < 0.5
    lifetime = np.where(stays, plan.days, rng.exponential(0.45 * plan.days, u))
    return Population(
        persona=persona,
        intents=_intents(words, persona, rng),
        brand_taste=(0.8 * rng.standard_normal((u, len(words.brands)))).astype(np.float32),
        line_taste=(0.9 * rng.standard_normal((u, len(LINES)))).astype(np.float32),
        budget=(budget + rng.normal(0, 0.5, u)).astype(np.float32),
        thrift=(thrift * rng.gamma(6, 1 / 6, u)).astype(np.float32),
        arrives=arrives.astype(np.float32),
        leaves=np.minimum(arrives + lifetime, plan.days).astype(np.float32),
    )


def _intents(words: Vocabulary, persona: Ints, rng: np.random.Generator) -> Floats:
    """Dirichlet draws around the persona's errands: each shopper has a few of their own."""
    keys = {intent.key: index for index, intent in enumerate(words.intents)}
    base = np.full((len(words.personas), len(keys)), 0.02)
    for row, each in enumerate(words.personas):
        for key, weight in each.intents.items():
            base[row, keys[key]] += weight / sum(each.intents.values())
    draws = rng.gamma(2.5 * base[persona]) + 1e-6
    return floats(draws / draws.sum(axis=1, keepdims=True))


def make_visits(
    plan: Plan, words: Vocabulary, people: Population, rng: np.random.Generator
) -> Visits:
    """Draw when each shopper comes, and for how many product pages; everybody comes once."""
    u = len(people)
    presence = np.maximum(people.leaves - people.arrives, 0.5)
    rate = rng.gamma(2.2, 0.085, u)
    count = np.clip(rng.poisson(rate * presence) + 1, 1, MOST_VISITS)
    shopper = np.repeat(np.arange(u, dtype=np.int32), count)
    day = np.floor(_days(plan, people, shopper, rng))
    hour = np.array([persona.hour for persona in words.personas])[people.persona[shopper]]
    day = day + (hour + rng.normal(0, 2.2, len(shopper))) % 24 / 24
    day = np.clip(day, 0, plan.days - 2 * VISIT_GAP_DAYS)
    order = np.lexsort((day, shopper))
    day = _apart(shopper, day[order])
    kept = day <= plan.days - VISIT_GAP_DAYS
    views = np.clip(rng.geometric(1 / 5.0, len(shopper)), 1, MOST_VIEWS).astype(np.int32)
    return Visits(shopper=shopper[kept], day=day[kept], views=views[kept])


def _days(
    plan: Plan, people: Population, shopper: Ints, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Draw a day inside each shopper's presence, busier weekdays more often."""
    first = plan.end.toordinal() - plan.days
    weights = np.array(WEEKDAY_WEIGHTS)[(first + np.arange(plan.days) - 1) % 7]
    busy = np.concatenate(([0.0], np.cumsum(weights)))
    axis = np.arange(plan.days + 1)
    low = np.interp(people.arrives[shopper], axis, busy)
    high = np.interp(people.leaves[shopper], axis, busy)
    return np.interp(rng.uniform(low, np.maximum(high, low)), busy, axis)


def _apart(shopper: Ints, day: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Push visits of one shopper apart until none starts within the gap of another."""
    rank = np.arange(len(day)) - np.searchsorted(shopper, shopper)
    slack = VISIT_GAP_DAYS * rank
    far = shopper.astype(np.float64) * 1e6
    return np.maximum.accumulate(day - slack + far) - far + slack

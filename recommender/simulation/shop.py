"""The door of the artificial shop: one plan in, products, events and their truth out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recommender.catalog.records import ProductRecord
from recommender.simulation.actions import Actions, make_actions
from recommender.simulation.catalog import Catalog, Floats, Ints, make_catalog
from recommender.simulation.plan import Plan
from recommender.simulation.population import (
    Population,
    Visits,
    make_population,
    make_visits,
)
from recommender.simulation.products import product_records
from recommender.simulation.truth import Truth
from recommender.simulation.vocabulary import Vocabulary, vocabulary
from recommender.simulation.walk import Looks, Walk, errands


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """An artificial shop, complete.

    Attributes:
        plan, words: what it was made from.
        catalog, people, visits, looks, actions: what is and what happened, as columns.
        truth: the law behind it, with exact probabilities.
    """

    plan: Plan
    words: Vocabulary
    catalog: Catalog
    people: Population
    visits: Visits
    looks: Looks
    actions: Actions
    truth: Truth

    def products(self, *, pictures: str = "") -> Iterator[ProductRecord]:
        """The catalog as records; ``pictures`` is the address of the static root."""
        return product_records(self.plan, self.words, self.catalog, pictures=pictures)

    def last_products(self) -> Ints:
        """The product each shopper looked at last, int32[u]: the target of leave-one-out."""
        return self.looks.product[self.looks.offsets[1:] - 1]

    def last_probabilities(self) -> Floats:
        """The true distribution each last look was drawn from, float32[u, n].

        It knows the errand and the tastes, which no history shows entirely: an upper bound.
        """
        return self.truth.next_probabilities(self.looks.last)


def simulate(plan: Plan) -> Shop:
    """Make the shop of a plan; equal plans give equal shops."""
    words = vocabulary()
    streams = [np.random.Generator(np.random.PCG64([plan.seed, part])) for part in range(5)]
    catalog = make_catalog(plan, words, streams[0])
    people = make_population(plan, words, streams[1])
    visits = make_visits(plan, words, people, streams[2])
    truth = Truth(words=words, catalog=catalog, people=people)
    errand = errands(plan, truth, visits, streams[3])
    looks = Walk(truth=truth, visits=visits, errand=errand, rng=streams[3]).run()
    actions = make_actions(plan, words, catalog, visits, looks, streams[4])
    return Shop(
        plan=plan,
        words=words,
        catalog=catalog,
        people=people,
        visits=visits,
        looks=looks,
        actions=actions,
        truth=truth,
    )

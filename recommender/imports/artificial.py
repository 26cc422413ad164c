"""Tells the artificial shop of ``recommender.simulation`` as a source like any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from recommender.catalog.records import ProductRecord
from recommender.imports.records import Refused, SourceEvent
from recommender.simulation.actions import KINDS
from recommender.simulation.plan import Plan
from recommender.simulation.products import product_key
from recommender.simulation.shop import Shop, simulate


class Artificial:
    """The shop of a plan; a shift moves the plan's end, so seasons follow the calendar."""

    has_clock = True

    def __init__(self, plan: Plan, *, static_url: str = "") -> None:
        self._plan = plan
        self._static_url = static_url
        self._shop = lru_cache(maxsize=1)(self._simulated)
        self.name = f"simulator:{plan.name}"
        self.fingerprint = plan.digest()

    def shop(self, *, shift: timedelta = timedelta(0)) -> Shop:
        """The shop itself, with its truth."""
        return self._shop(shift)

    def newest(self) -> datetime | None:
        """The last moment of the plan."""
        return self._plan.end - timedelta(seconds=1)

    def size(self) -> int:
        """A guess from the plan's sizes: the events are not drawn before they are told."""
        return self._plan.shoppers * self._plan.days * 3 // 2

    def products(self, *, shift: timedelta) -> Iterator[ProductRecord | Refused]:
        """The catalog."""
        return self.shop(shift=shift).products(pictures=self._static_url)

    def events(self, *, shift: timedelta) -> Iterator[SourceEvent | Refused]:
        """Everything the shoppers did, shopper by shopper."""
        actions = self.shop(shift=shift).actions
        keys = [product_key(index) for index in range(self._plan.products)]
        columns = zip(
            actions.shopper.tolist(),
            actions.visit.tolist(),
            actions.product.tolist(),
            actions.kind.tolist(),
            actions.at.tolist(),
            actions.value.tolist(),
            actions.price_micros.tolist(),
            strict=True,
        )
        for number, (shopper, visit, product, kind, at, value, price) in enumerate(columns):
            yield SourceEvent(
                person=str(shopper),
                id=str(number),
                kind=KINDS[kind],
                occurred_at=datetime.fromtimestamp(at / 1000, tz=UTC),
                product_key=keys[product],
                value=None if value < 0 else value,
                price_micros=None if price < 0 else price,
                visit=str(visit),
            )

    def _simulated(self, shift: timedelta) -> Shop:
        return simulate(replace(self._plan, end=self._plan.end + shift))

"""From looks to events: views, dwell, clicks, favorites, baskets and orders, with their times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.simulation.catalog import Catalog, Ints
from recommender.simulation.plan import Plan
from recommender.simulation.population import Visits
from recommender.simulation.vocabulary import Vocabulary
from recommender.simulation.walk import Looks

KINDS = ("click", "view", "dwell", "favorite", "cart_add", "cart_remove", "order")
"""Names of the event kinds; within one moment they happen in this order."""

DWELL_MS = (1_500, 240_000)
"""Shortest and longest time spent on one page, in milliseconds."""

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """Events as columns, by shopper and then by time; ``e`` events.

    Attributes:
        shopper, visit, product: int32[e].
        kind: uint8[e], index into ``KINDS``.
        at: int64[e], milliseconds since 1970, UTC.
        value: int64[e]: dwell in milliseconds, units put into the basket or ordered; -1 for none.
        price_micros: int64[e], price of one unit at that moment; -1 where no price belongs.
    """

    shopper: Ints
    visit: Ints
    product: Ints
    kind: npt.NDArray[np.uint8]
    at: Longs
    value: Longs
    price_micros: Longs

    def __len__(self) -> int:
        return len(self.shopper)


def make_actions(
    plan: Plan,
    words: Vocabulary,
    catalog: Catalog,
    visits: Visits,
    looks: Looks,
    rng: np.random.Generator,
) -> Actions:
    """Give every look its time, and add what the shopper did on the page and at the till."""
    total = len(looks.product)
    dwell = np.exp(rng.normal(9.7, 0.8, total) + 0.22 * looks.fit) * np.where(looks.carted, 1.5, 1)
    dwell = np.clip(dwell, *DWELL_MS).astype(np.int64)
    pause = rng.integers(1_500, 12_000, total)
    start = _start_ms(plan, visits)
    begin = start[looks.visit] + _elapsed(looks.visit, dwell + pause)
    units = np.ones(total, dtype=np.int64)
    refills = np.array([kind.refill_days is not None for kind in words.types])
    several = refills[catalog.type_of[looks.product]] & (rng.random(total) < 0.3)
    units[several] += rng.integers(1, 3, int(several.sum()))
    price = np.rint(catalog.price[looks.product] * (1 - looks.discount) * 100).astype(np.int64)
    micros = price * 10_000
    opens = looks.visit != np.concatenate(([-1], looks.visit[:-1]))
    clicked = ~opens & (rng.random(total) < 0.45)
    pays = looks.carted & looks.ordered[looks.visit]
    drops = looks.carted & ~pays & (rng.random(total) < 0.35)
    end = np.zeros(len(visits), dtype=np.int64)
    np.maximum.at(end, looks.visit, begin + dwell)
    till = end[looks.visit] + 45_000
    everything = np.ones(total, dtype=np.bool_)
    nothing = np.full(total, -1, dtype=np.int64)
    parts = (
        ("click", clicked, begin - 800, nothing, nothing),
        ("view", everything, begin, nothing, micros),
        ("dwell", everything, begin + dwell, dwell, nothing),
        ("favorite", looks.favorite, begin + dwell // 2, nothing, nothing),
        ("cart_add", looks.carted, begin + dwell * 4 // 5, units, micros),
        ("cart_remove", drops, till - 30_000, units, micros),
        ("order", pays, till, units, micros),
    )
    rows = [np.flatnonzero(mask) for _, mask, _, _, _ in parts]
    index = np.concatenate(rows)
    kind = np.repeat(
        np.array([KINDS.index(name) for name, *_ in parts], dtype=np.uint8),
        [len(each) for each in rows],
    )
    at, value, micros = (
        np.concatenate([part[column][row] for part, row in zip(parts, rows, strict=True)])
        for column in (2, 3, 4)
    )
    order = np.lexsort((kind, at, looks.shopper[index]))
    index = index[order]
    return Actions(
        shopper=looks.shopper[index],
        visit=looks.visit[index],
        product=looks.product[index],
        kind=kind[order],
        at=at[order],
        value=value[order],
        price_micros=micros[order],
    )


def _start_ms(plan: Plan, visits: Visits) -> Longs:
    """When each visit starts, in milliseconds since 1970."""
    origin = int(plan.end.timestamp() * 1000) - plan.days * 86_400_000
    return origin + (visits.day * 86_400_000).astype(np.int64)


def _elapsed(visit: Ints, length: Longs) -> Longs:
    """Time spent in the visit before each look."""
    before = np.cumsum(length) - length
    first = np.searchsorted(visit, visit)
    return before - before[first]

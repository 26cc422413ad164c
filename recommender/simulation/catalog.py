"""The products of the artificial shop: what they are and what is true of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.simulation.pictures import COLORWAYS
from recommender.simulation.plan import Plan
from recommender.simulation.vocabulary import LINES, Vocabulary

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

PROMOTED_SHARE = 0.25


def floats(values: npt.ArrayLike) -> Floats:
    """The values as float32."""
    return np.asarray(values, dtype=np.float32)


def ints(values: npt.ArrayLike) -> Ints:
    """The values as int32."""
    return np.asarray(values, dtype=np.int32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Products as columns; ``n`` products of ``k`` types, row = product index.

    Attributes:
        type_of, brand_of, line_of, color_of, option_of: int32[n], indices into the vocabulary.
        price: float32[n], usual price in units of the currency.
        price_z: float32[n], log price relative to the type's usual price, in its spread.
        quality: float32[n], how good it truly is; standard normal plus the brand's appeal.
        rating: float32[n], what the shop shows of it, 1 to 5.
        promo_from, promo_to: float32[n], first and last day of a price cut; empty when equal.
        discount: float32[n], share of the price cut during the promotion.
        by_type: int32[k, m], products of each type, padded with -1.
    """

    type_of: Ints
    brand_of: Ints
    line_of: Ints
    color_of: Ints
    option_of: Ints
    price: Floats
    price_z: Floats
    quality: Floats
    rating: Floats
    promo_from: Floats
    promo_to: Floats
    discount: Floats
    by_type: Ints

    def __len__(self) -> int:
        return len(self.type_of)

    def discount_on(self, day: npt.ArrayLike, products: npt.ArrayLike) -> Floats:
        """Share cut from the price of ``products`` on ``day``; the two broadcast."""
        at = np.asarray(day, dtype=np.float32)
        rows = np.asarray(products)
        running = (self.promo_from[rows] <= at) & (at < self.promo_to[rows])
        return np.where(running, self.discount[rows], np.float32(0))


def make_catalog(plan: Plan, words: Vocabulary, rng: np.random.Generator) -> Catalog:
    """Draw the products; every type gets its equal share."""
    n, k = plan.products, len(words.types)
    type_of = np.sort(np.arange(n, dtype=np.int32) % k)
    within = np.arange(n) - np.searchsorted(type_of, type_of)
    brand_of, line_of, option_of = _identities(words, type_of, within, rng)
    tier = np.array([brand.tier for brand in words.brands])[brand_of]
    usual = np.array([kind.price for kind in words.types])[type_of]
    spread = np.array([kind.spread for kind in words.types])[type_of]
    appeal = np.array([brand.appeal for brand in words.brands])[brand_of]
    price = _price_points(usual * tier * np.exp(0.8 * spread * rng.standard_normal(n)))
    quality = rng.standard_normal(n) + appeal - 0.25
    promoted = rng.random(n) < PROMOTED_SHARE
    promo_from = rng.uniform(0, plan.days, n)
    length = rng.integers(7, 15, n) * promoted
    rating = np.clip(3.9 + 0.38 * quality + rng.normal(0, 0.18, n), 1.6, 5.0).round(1)
    return Catalog(
        type_of=type_of,
        brand_of=brand_of,
        line_of=line_of,
        color_of=rng.integers(0, len(COLORWAYS), n, dtype=np.int32),
        option_of=option_of,
        price=price.astype(np.float32),
        price_z=(np.log(price / usual) / spread).astype(np.float32),
        quality=quality.astype(np.float32),
        rating=rating.astype(np.float32),
        promo_from=promo_from.astype(np.float32),
        promo_to=(promo_from + length).astype(np.float32),
        discount=(rng.choice([0.1, 0.15, 0.2, 0.3], n) * promoted).astype(np.float32),
        by_type=_padded(type_of, k),
    )


def _identities(
    words: Vocabulary, type_of: Ints, within: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Brand, line and option of each product: distinct combinations as long as there are some."""
    brand_of = np.empty_like(type_of)
    line_of = np.empty_like(type_of)
    option_of = np.empty_like(type_of)
    for index, kind in enumerate(words.types):
        rows = np.flatnonzero(type_of == index)
        brands = [b for b, brand in enumerate(words.brands) if kind.department in brand.departments]
        options = len(kind.options)
        combinations = rng.permutation(len(brands) * len(LINES) * options)
        taken = combinations[within[rows] % len(combinations)]
        brand_of[rows] = np.array(brands)[taken // (len(LINES) * options)]
        line_of[rows] = taken // options % len(LINES)
        option_of[rows] = taken % options
    return brand_of, line_of, option_of


def _price_points(price: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round to what a price tag says: 4.49, 18.90, 64.00, 749.00."""
    small = np.maximum(np.round(price * 2) / 2 - 0.01, 0.99)
    middle = np.round(price) - 0.1
    hundreds = np.round(price)
    large = np.round(price / 10) * 10 - 1
    return np.select([price < 10, price < 50, price < 200], [small, middle, hundreds], large)


def _padded(type_of: Ints, k: int) -> Ints:
    counts = np.bincount(type_of, minlength=k)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    table = np.full((k, int(counts.max())), -1, dtype=np.int32)
    table[type_of, np.arange(len(type_of)) - starts[type_of]] = np.arange(len(type_of))
    return table

"""How dear a product is: equal shares of the catalog by price."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.attention.content.attributes import ProductAttributes

NO_PRICE = 0
FEWEST_TO_COMPARE = 8
"""Priced products that a group must have before its prices are compared with one another."""


def price_bands(attributes: ProductAttributes, count: int) -> npt.NDArray[np.uint8]:
    """Return uint8[n], band codes below ``count``.

    0 is a product without a price; 1 to ``count - 1`` are shares of equal size of the products
    priced in the same currency, the cheapest first. Equal prices share a band.

    Args:
        attributes: of n products.
        count: codes, 2 to 256.

    Raises:
        ValueError: ``count`` is out of range.
    """
    return bands_within(attributes.prices, attributes.currencies, count, fewest=1)


def bands_within(
    prices: npt.NDArray[np.int64],
    groups: npt.NDArray[np.integer],
    count: int,
    *,
    fewest: int = FEWEST_TO_COMPARE,
) -> npt.NDArray[np.uint8]:
    """Return uint8[n], the band of each price among the prices of its group.

    Args:
        prices: int64[n]; below 0 means none.
        groups: int[n], prices of one group are compared.
        count: codes, 2 to 256; 0 means no price or a group of fewer than ``fewest`` prices.
        fewest: priced products a group must have.

    Raises:
        ValueError: ``count`` is out of range.
    """
    if not 2 <= count <= 256:
        raise ValueError(f"{count} price bands are not between 2 and 256.")
    bands = np.full(len(prices), NO_PRICE, dtype=np.uint8)
    priced = np.flatnonzero(prices >= 0)
    priced = priced[np.lexsort((prices[priced], groups[priced]))]
    starts = np.flatnonzero(np.diff(groups[priced], prepend=-2))
    for members in np.split(priced, starts[1:]):
        if len(members) >= max(fewest, 1):
            own = prices[members]
            edges = np.quantile(own, np.arange(1, count - 1) / (count - 1))
            bands[members] = 1 + np.searchsorted(edges, own, side="right")
    return bands

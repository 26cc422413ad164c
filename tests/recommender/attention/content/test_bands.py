"""Price bands: equal shares of the products priced in one currency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.attention.content.attributes import ProductRow, clean_attributes
from recommender.attention.content.bands import bands_within, price_bands


def test_ten_prices_fill_five_bands_by_two() -> None:
    rows = [ProductRow(price_micros=price) for price in (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)]

    bands = price_bands(clean_attributes(rows), 6)

    assert bands.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_no_price_has_a_band_of_its_own() -> None:
    rows = [ProductRow(price_micros=price) for price in (None, 1, 2, float("nan"))]

    assert price_bands(clean_attributes(rows), 3).tolist() == [0, 1, 2, 0]


def test_currencies_are_not_compared() -> None:
    rows = [
        ProductRow(price_micros=price, currency=currency)
        for price, currency in ((1, "EUR"), (2, "EUR"), (200, "JPY"), (100, "JPY"))
    ]

    assert price_bands(clean_attributes(rows), 3).tolist() == [1, 2, 2, 1]


def test_a_small_group_is_not_divided() -> None:
    prices = np.array([1, 2, 3, 9, 8], dtype=np.int64)
    groups = np.array([0, 0, 0, 1, 1])

    assert bands_within(prices, groups, 4, fewest=3).tolist() == [1, 2, 3, 0, 0]


@pytest.mark.parametrize("count", [1, 257])
def test_a_code_must_fit_one_byte(count: int) -> None:
    with pytest.raises(ValueError, match="between 2 and 256"):
        price_bands(clean_attributes([ProductRow(price_micros=1)]), count)


@given(st.lists(st.integers(-1, 10**15), max_size=40), st.integers(2, 256))
def test_a_dearer_product_is_in_no_lower_band(prices: list[int], count: int) -> None:
    rows = [ProductRow(price_micros=None if price < 0 else price) for price in prices]

    bands = price_bands(clean_attributes(rows), count)

    assert bands.max(initial=0) < count
    for price, band in zip(prices, bands, strict=True):
        assert (band == 0) == (price < 0)
    order = np.argsort(prices, kind="stable")
    assert np.all(np.diff(bands[order].astype(int)) >= 0)
    by_price: dict[int, set[int]] = {}
    for price, band in zip(prices, bands.tolist(), strict=True):
        by_price.setdefault(price, set()).add(band)
    assert all(len(own) == 1 for own in by_price.values())

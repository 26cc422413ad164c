from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_shop.storefront.money import MICROS, format_money, to_micros
from attention_shop.storefront.shipping import missing_for_free_micros, shipping_micros


@pytest.mark.parametrize(
    ("micros", "currency", "written"),
    [
        (12_500_000, "USD", "$12.50"),
        (0, "USD", "$0.00"),
        (1_249_000_000, "USD", "$1,249.00"),
        (-4_900_000, "EUR", "−€4.90"),
        (980_000_000, "JPY", "¥980"),
        (19_990_000, "SEK", "19.99 SEK"),
        (9_007_199_254_740_993_000_000, "USD", "$9,007,199,254,740,993.00"),
    ],
)
def test_an_amount_is_written_exactly(micros: int, currency: str, written: str) -> None:
    assert format_money(micros, currency) == written


@given(cents=st.integers(min_value=0, max_value=10**12))
def test_cents_come_back_as_the_same_micro_units(cents: int) -> None:
    assert to_micros(Decimal(cents) / 100) == cents * (MICROS // 100)


def test_delivery_is_free_from_the_threshold_on() -> None:
    assert shipping_micros(goods_micros=49_999_999) == 4_900_000
    assert shipping_micros(goods_micros=50_000_000) == 0
    assert missing_for_free_micros(goods_micros=49_999_999) == 1
    assert missing_for_free_micros(goods_micros=80_000_000) == 0

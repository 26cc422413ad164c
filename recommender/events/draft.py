"""An event that passed validation and waits for the gate."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from recommender.events.kinds import WITHOUT_PRODUCT, Kind
from recommender.events.records import Cause

LARGEST_POSITION = 32_767
LARGEST_PRICE_MICROS = 10**15
PLACEMENT_LENGTH = 64


class Draft(NamedTuple):
    """Everything of a row but what the gate adds."""

    shopper_id: UUID
    id: UUID
    kind: Kind
    occurred_at: datetime
    product_id: int | None = None
    category_id: int | None = None
    visit: UUID | None = None
    placement: str = ""
    slate: UUID | None = None
    position: int | None = None
    value: int | None = None
    price_micros: int | None = None
    product_key: str = ""


def refusal_of_value(kind: Kind, value: int | None) -> Cause | None:
    """Return why ``value`` does not fit ``kind``; None when it does (no value always does)."""
    if value is None:
        return None
    largest = kind.largest_value
    if isinstance(value, bool) or not isinstance(value, int):
        return Cause.BAD_VALUE
    if largest is None or not 0 <= value <= largest:
        return Cause.BAD_VALUE
    return None


def refusal_of_price(price_micros: int | None) -> Cause | None:
    """Return why a price cannot be stored; None when it can."""
    if price_micros is None:
        return None
    if isinstance(price_micros, bool) or not isinstance(price_micros, int):
        return Cause.BAD_VALUE
    return None if 0 <= price_micros <= LARGEST_PRICE_MICROS else Cause.BAD_VALUE


def refusal_of_missing_product(kind: Kind, product_key: str | None) -> Cause | None:
    """Return why ``kind`` cannot come without a product; None when it can or has one."""
    return None if product_key or kind in WITHOUT_PRODUCT else Cause.MISSING_PRODUCT

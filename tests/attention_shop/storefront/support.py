"""Shapes and words the storefront's tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attention_shop.storefront.catalog.models import Product

MakeProduct = Callable[..., Product]
PlaceOrder = Callable[..., Any]

ADDRESS = {
    "full_name": "Robin Vale",
    "email": "robin@example.com",
    "street": "12 Fern Lane",
    "postal_code": "90210",
    "city": "Springfield",
    "country": "USA",
}

"""What is in a basket at today's prices."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib.sites.models import Site

from attention_shop.storefront.basket.store import BasketStore
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.catalog.selectors import shown_products
from attention_shop.storefront.shipping import missing_for_free_micros, shipping_micros


@dataclass(frozen=True, slots=True)
class Line:
    """One product of the basket."""

    product: Product
    quantity: int

    @property
    def is_orderable(self) -> bool:
        """Whether the shop has that many."""
        stock = self.product.stock
        return self.product.is_available and (stock is None or stock >= self.quantity)

    @property
    def price_micros(self) -> int:
        """Price of one; 0 for something that cannot be bought."""
        return self.product.price_micros or 0

    @property
    def total_micros(self) -> int:
        """Price of the line."""
        return self.price_micros * self.quantity


@dataclass(frozen=True, slots=True)
class Contents:
    """The whole basket; products no longer shown are left out."""

    token: uuid.UUID | None
    lines: tuple[Line, ...]

    @property
    def currency(self) -> str:
        """The one currency of all lines."""
        return self.lines[0].product.currency if self.lines else "USD"

    @property
    def count(self) -> int:
        """How many things are in it."""
        return sum(line.quantity for line in self.lines)

    @property
    def goods_micros(self) -> int:
        """Price of all lines."""
        return sum(line.total_micros for line in self.lines)

    @property
    def shipping_micros(self) -> int:
        """Price of delivery."""
        return shipping_micros(goods_micros=self.goods_micros)

    @property
    def missing_for_free_micros(self) -> int:
        """How much more would make delivery free."""
        return missing_for_free_micros(goods_micros=self.goods_micros)

    @property
    def total_micros(self) -> int:
        """What an order of it costs."""
        return self.goods_micros + self.shipping_micros

    @property
    def is_orderable(self) -> bool:
        """Whether it can be ordered as it is."""
        return bool(self.lines) and all(line.is_orderable for line in self.lines)


def contents_of(*, site: Site, basket: BasketStore) -> Contents:
    """Read the basket and its products."""
    quantities = basket.quantities()
    products = shown_products(site=site, skus=quantities)
    return Contents(
        token=basket.token() if products else None,
        lines=tuple(
            Line(products[sku], quantity) for sku, quantity in quantities.items() if sku in products
        ),
    )

"""Placing and returning orders."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import cast

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sites.models import Site
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from attention_shop.storefront.basket.contents import Contents, Line
from attention_shop.storefront.basket.store import BasketStore
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.orders.models import Order, OrderLine


class SoldOutError(Exception):
    """Somebody else took the last one; no order was made."""

    def __init__(self, product: Product) -> None:
        super().__init__(product.sku)
        self.product = product


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Who gets it, and where."""

    full_name: str
    email: str
    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Placed:
    """The order, and whether this call made it."""

    order: Order
    is_new: bool


def place_order(
    *,
    site: Site,
    user: AbstractBaseUser | None,
    basket: BasketStore,
    contents: Contents,
    destination: Destination,
) -> Placed:
    """Order ``contents`` once, however often it is called for one filling of the basket.

    The order's row comes first: its unique basket token makes a second call at the same moment
    wait for the first and then find its order.

    Raises:
        SoldOutError: the shop has fewer than wanted.
        ValueError: the basket is empty.
    """
    if contents.token is None or not contents.lines:
        raise ValueError("An empty basket cannot be ordered.")
    placed = None
    earlier = order_of_filling(site=site, token=contents.token)
    if earlier is None:
        try:
            with transaction.atomic():
                placed = Placed(
                    _write(site, user, contents.token, contents, destination), is_new=True
                )
        except IntegrityError:
            earlier = order_of_filling(site=site, token=contents.token)
            if earlier is None:
                raise
    basket.finish(contents.token)
    return placed or Placed(cast(Order, earlier), is_new=False)


def order_of_filling(*, site: Site, token: uuid.UUID) -> Order | None:
    """The order made of this filling of a basket."""
    return Order.objects.filter(site=site, basket_token=token).first()


def _write(
    site: Site,
    user: AbstractBaseUser | None,
    token: uuid.UUID,
    contents: Contents,
    destination: Destination,
) -> Order:
    order = Order.objects.create(
        site=site,
        basket_token=token,
        user_id=None if user is None else user.pk,
        full_name=destination.full_name,
        email=destination.email,
        street=destination.street,
        postal_code=destination.postal_code,
        city=destination.city,
        country=destination.country,
        currency=contents.currency,
        goods_micros=contents.goods_micros,
        shipping_micros=contents.shipping_micros,
        total_micros=contents.total_micros,
        placed_at=timezone.now(),
    )
    for line in sorted(contents.lines, key=lambda line: line.product.pk):
        _take(line)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product=line.product,
            sku=line.product.sku,
            title=line.product.title,
            quantity=line.quantity,
            price_micros=line.price_micros,
        )
        for line in contents.lines
    )
    return order


def _take(line: Line) -> None:
    """Take a line from the stock; products are locked in the order of their ids."""
    sellable = Product.objects.filter(
        Q(stock__isnull=True) | Q(stock__gte=line.quantity),
        pk=line.product.pk,
        is_listed=True,
        price_micros=line.price_micros,
    )
    taken = sellable.update(
        stock=F("stock") - line.quantity, units_sold=F("units_sold") + line.quantity
    )
    if not taken:
        raise SoldOutError(line.product)


def return_line(*, line: OrderLine) -> bool:
    """Register that a line goes back; False when it already did. Stock is counted by hand."""
    pending = OrderLine.objects.filter(pk=line.pk, returned_at__isnull=True)
    return bool(pending.update(returned_at=timezone.now()))

"""What a person does with a basket."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sites.models import Site
from django.http import HttpRequest

from attention_shop.storefront.basket.store import (
    MAX_LINES,
    MAX_QUANTITY,
    SESSION_KEY,
    AccountBasket,
    BasketStore,
    SessionBasket,
)
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.catalog.selectors import shown_products


class BasketError(Exception):
    """The basket stays as it was; ``code`` names the notice that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _allowed(product: Product, quantity: int) -> int:
    """The quantity that one order can hold."""
    stock = MAX_QUANTITY if product.stock is None else product.stock
    return max(0, min(quantity, MAX_QUANTITY, stock))


def add(*, site: Site, basket: BasketStore, product: Product, quantity: int) -> int:
    """Put ``quantity`` more of ``product`` in; return how many are in it now.

    Raises:
        BasketError: it cannot be had, is sold in another currency, or nothing more fits.
    """
    if not product.is_available:
        raise BasketError("unavailable")
    held = basket.quantities()
    if product.sku not in held and len(held) >= MAX_LINES:
        raise BasketError("basket-full")
    others = shown_products(site=site, skus=[sku for sku in held if sku != product.sku])
    if any(other.currency != product.currency for other in others.values()):
        raise BasketError("other-currency")
    before = held.get(product.sku, 0)
    after = _allowed(product, before + max(1, quantity))
    if after <= before:
        raise BasketError("basket-full")
    basket.put(product, after)
    return after


def change(*, basket: BasketStore, product: Product, quantity: int) -> int:
    """Set the quantity of ``product`` already in the basket; return the new one, 0 when out."""
    if product.sku not in basket.quantities():
        return 0
    allowed = _allowed(product, quantity)
    basket.put(product, allowed)
    return allowed


def merge_visit(*, request: HttpRequest, site: Site, user: AbstractBaseUser) -> None:
    """Move what a visitor collected into the account they signed in to; quantities add up."""
    visit = SessionBasket(request)
    quantities = visit.quantities()
    if not quantities:
        return
    account = AccountBasket(site=site, user=user)
    for sku, product in shown_products(site=site, skus=quantities).items():
        try:
            add(site=site, basket=account, product=product, quantity=quantities[sku])
        except BasketError:
            continue  # what does not fit or is sold out is not worth refusing the login for
    del request.session[SESSION_KEY]

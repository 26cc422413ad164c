"""The storefront keeps the contract of a host."""

from __future__ import annotations

import uuid
from datetime import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone

from attention_shop.storefront.adapter import StorefrontAdapter
from attention_shop.storefront.basket.store import SessionBasket
from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.orders.models import Order
from tests.contracts.host_adapter import HostAdapterContract


class StorefrontUnderTest:
    """Hands that change the storefront through its own models."""

    adapter = StorefrontAdapter()

    def __init__(self, site: Site) -> None:
        self.site = site
        self.category = Category.objects.create(site=site, key="tea", slug="tea", name="Tea")

    def add_product(self, key: str, *, price_micros: int, is_listed: bool = True) -> None:
        Product.objects.create(
            site=self.site,
            sku=key,
            title=f"Thing {key}",
            category=self.category,
            price_micros=price_micros,
            is_listed=is_listed,
            created_at=timezone.now(),
        )

    def change_price(self, key: str, *, price_micros: int) -> None:
        Product.objects.filter(sku=key).update(price_micros=price_micros)

    def sell_out(self, key: str) -> None:
        Product.objects.filter(sku=key).update(stock=0)

    def remove_product(self, key: str) -> None:
        Product.objects.get(sku=key).delete()

    def request_with_basket(self, *keys: str) -> HttpRequest:
        request = RequestFactory().get("/")
        request.user = AnonymousUser()
        request.session = SessionStore()
        for key in keys:
            SessionBasket(request).put(Product.objects.get(sku=key), 1)
        return request

    def sell(self, key: str, *, units: int, at: datetime) -> None:
        product = Product.objects.get(sku=key)
        amount = (product.price_micros or 0) * units
        order = Order.objects.create(
            site=self.site,
            basket_token=uuid.uuid4(),
            currency=product.currency,
            goods_micros=amount,
            shipping_micros=0,
            total_micros=amount,
            placed_at=at,
        )
        order.lines.create(
            product=product,
            sku=product.sku,
            title=product.title,
            quantity=units,
            price_micros=product.price_micros,
        )


class TestStorefrontAdapter(HostAdapterContract):
    @pytest.fixture
    def host(self, site: Site) -> StorefrontUnderTest:
        return StorefrontUnderTest(site)

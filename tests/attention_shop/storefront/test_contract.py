from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from attention_shop.storefront.adapter import StorefrontAdapter
from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.orders.models import Order, OrderLine
from tests.contracts.host_adapter import HostAdapterContract, HostUnderTest


class Storefront:
    """The storefront's own models, in the contract's hands."""

    def __init__(self, site: Site) -> None:
        self.adapter = StorefrontAdapter()
        self._site = site
        self._category = Category.objects.create(site=site, key="tea", slug="tea", name="Tea")

    def add_product(self, key: str, *, price_micros: int, is_listed: bool = True) -> None:
        Product.objects.create(
            site=self._site,
            sku=key,
            title=f"Thing {key}",
            category=self._category,
            price_micros=price_micros,
            is_listed=is_listed,
            stock=5,
            created_at=timezone.now(),
        )

    def change_price(self, key: str, *, price_micros: int) -> None:
        Product.objects.filter(sku=key).update(price_micros=price_micros)

    def sell_out(self, key: str) -> None:
        Product.objects.filter(sku=key).update(stock=0)

    def remove_product(self, key: str) -> None:
        Product.objects.get(sku=key).delete()

    def request_with_basket(self, *keys: str) -> HttpRequest:
        client = Client(headers={"sec-fetch-site": "same-origin"})
        for key in keys:
            client.post("/basket/add/", {"product": key})
        return client.get("/basket/").wsgi_request

    def sell(self, key: str, *, units: int, at: datetime) -> None:
        product = Product.objects.get(sku=key)
        goods = (product.price_micros or 0) * units
        order = Order.objects.create(
            site=self._site,
            basket_token=uuid4(),
            currency="USD",
            goods_micros=goods,
            shipping_micros=0,
            total_micros=goods,
            placed_at=at,
        )
        OrderLine.objects.create(
            order=order,
            product=product,
            sku=key,
            title=product.title,
            quantity=units,
            price_micros=product.price_micros or 0,
        )


class TestStorefrontAdapter(HostAdapterContract):
    @pytest.fixture
    def host(self, site: Site) -> HostUnderTest:
        return Storefront(site)

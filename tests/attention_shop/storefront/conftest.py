"""A small shelf to test the shop with, and a browser that says where its requests come from."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.test import Client
from django.utils import timezone

from attention_shop.storefront.catalog.models import Category, Product
from tests.attention_shop.storefront.support import ADDRESS, MakeProduct, PlaceOrder


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_current()


@pytest.fixture
def coffee(site: Site) -> Category:
    kitchen = Category.objects.create(site=site, key="kitchen", slug="kitchen", name="Kitchen")
    return Category.objects.create(
        site=site, key="coffee", slug="coffee", name="Coffee", parent=kitchen
    )


@pytest.fixture
def make_product(site: Site, coffee: Category) -> MakeProduct:
    def make(sku: str, **told: Any) -> Product:
        fields: dict[str, Any] = {
            "site": site,
            "sku": sku,
            "title": f"Thing {sku}",
            "brand": "Brewlow",
            "category": coffee,
            "price_micros": 12_500_000,
            "created_at": timezone.now(),
        }
        return Product.objects.create(**(fields | told))

    return make


@pytest.fixture
def browser(db: None) -> Client:
    """A visitor's browser: it tells the shop that forms come from the shop's own pages."""
    return Client(headers={"sec-fetch-site": "same-origin"})


@pytest.fixture
def second_browser(db: None) -> Client:
    return Client(headers={"sec-fetch-site": "same-origin"})


@pytest.fixture
def account(db: None) -> User:
    return User.objects.create_user("ada@example.com", "ada@example.com", "correct horse 9")


@pytest.fixture
def signed_in(browser: Client, account: User) -> Client:
    browser.force_login(account)
    return browser


@pytest.fixture
def address() -> dict[str, str]:
    return dict(ADDRESS)


@pytest.fixture
def fill_and_order(address: dict[str, str]) -> PlaceOrder:
    """Put products in, look at the checkout and press the button; return the response."""

    def order(client: Client, *skus: str, **changes: str) -> Any:
        for sku in skus:
            client.post("/basket/add/", {"product": sku})
        contents = client.get("/checkout/").context["contents"]
        form = {"filling": str(contents.token), "shown_total": str(contents.total_micros)}
        return client.post("/checkout/", address | form | changes)

    return order

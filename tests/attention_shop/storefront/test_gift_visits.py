"""A visit for somebody else, and a product to forget, on the pages of the shop."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.test import Client

from attention_shop.storefront.orders.models import Order
from recommender.catalog.services import reconcile
from recommender.events.models import Event
from tests.attention_shop.storefront.support import MakeProduct, PlaceOrder

GIFT = "This visit is a gift</button>"
FORGET = "Forget this product</button>"


@pytest.fixture
def shelf(site: Site, make_product: MakeProduct) -> None:
    for sku in ("mug", "pot"):
        make_product(sku)
    reconcile(site=site)


def text(browser: Client, address: str) -> str:
    return str(browser.get(address).content.decode())


def choose(browser: Client, choice: str) -> None:
    browser.post("/attention/consent/", {"choice": choice})


def kinds() -> list[tuple[str, str]]:
    rows = Event.rows.select_related("product").order_by("id")
    return [(row.product.host_key, row.get_kind_display()) for row in rows if row.product]


@pytest.mark.parametrize("address", ["/", "/basket/", "/product/mug/", "/attention/preferences/"])
def test_the_control_is_on_every_page_of_a_remembered_person_alone(
    browser: Client, shelf: None, address: str
) -> None:
    assert GIFT not in text(browser, address)
    choose(browser, "remember")
    assert GIFT in text(browser, address)


def test_an_order_of_a_gift_visit_is_an_order_and_no_event(
    browser: Client, shelf: None, fill_and_order: PlaceOrder
) -> None:
    # Given a remembered person with a history, who shops for somebody else
    choose(browser, "remember")
    browser.get("/product/pot/")
    browser.post("/attention/gift/", {"gift": "on", "next": "/"})

    # When they look, put it in the basket and order
    page = text(browser, "/product/mug/")
    response = fill_and_order(browser, "mug")

    # Then the shop has its order, and the history is as it was
    assert response.status_code == 302
    assert Order.objects.count() == 1
    assert kinds() == [("pot", "Viewed")]
    assert "attention.js" not in page

    # And from the way back on it grows again
    browser.post("/attention/gift/", {"gift": "off", "next": "/"})
    browser.get("/product/mug/")
    assert kinds() == [("pot", "Viewed"), ("mug", "Viewed")]


def test_a_product_is_forgotten_with_one_click_on_its_page(browser: Client, shelf: None) -> None:
    assert FORGET not in text(browser, "/product/mug/")
    choose(browser, "remember")
    browser.get("/product/pot/")
    assert FORGET in text(browser, "/product/mug/")
    landed: Any = browser.post("/attention/forget/", {"product": "mug"}, follow=True)
    assert "Forgotten." in landed.content.decode()
    assert kinds() == [("pot", "Viewed")]

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.orders.models import Order
from tests.attention_shop.storefront.support import MakeProduct, PlaceOrder

LISTS = ("category", "product", "order", "review", "comment", "complaint")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_queries_however_long_it_is(
    name: str, admin_client: Client, make_product: MakeProduct
) -> None:
    address = f"/admin/attention_storefront/{name}/"
    make_product("p0")
    admin_client.get(address)
    with CaptureQueriesContext(connection) as short:
        assert admin_client.get(address).status_code == 200
    for number in range(1, 12):
        make_product(f"p{number}")

    with CaptureQueriesContext(connection) as long:
        admin_client.get(address)

    assert len(long) == len(short)


def test_orders_are_neither_made_nor_deleted_here(
    admin_client: Client, browser: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug")
    fill_and_order(browser, "mug")
    order = Order.objects.get()
    address = "/admin/attention_storefront/order/"

    assert admin_client.get(f"{address}add/").status_code == 403
    assert admin_client.post(f"{address}{order.pk}/delete/", {"post": "yes"}).status_code == 403
    page: Any = admin_client.get(f"{address}{order.pk}/change/")
    assert "17400000" in page.text
    assert 'name="total_micros"' not in page.text
    assert Order.objects.exists()


def test_taking_a_product_from_the_shop_saves_it(
    admin_client: Client, make_product: MakeProduct
) -> None:
    mug = make_product("mug")

    admin_client.post(
        "/admin/attention_storefront/product/",
        {"action": "take_from_shop", "_selected_action": [str(mug.pk)]},
    )

    assert not Product.objects.get().is_listed

"""The rights of people in a real shop: an account, an order alone, closing the account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.core import mail
from django.test import Client

from attention_shop.storefront.orders.models import Order
from consent.models import DataRequest, Shopper
from tests.attention_shop.storefront.support import MakeProduct, PlaceOrder

RIGHTS = "/attention/rights/"


@pytest.fixture(autouse=True)
def _public_url(settings: Any) -> None:
    settings.ATTENTION_CONSENT = {
        **settings.ATTENTION_CONSENT,
        "PUBLIC_URL": "http://testserver",
    }


def test_a_guest_sees_and_deletes_their_orders_by_mail(
    browser: Client,
    second_browser: Client,
    account: User,
    make_product: MakeProduct,
    fill_and_order: PlaceOrder,
    django_capture_on_commit_callbacks: Any,
) -> None:
    # Given a guest's order, another guest's, and one of an account with the same address
    make_product("mug")
    fill_and_order(browser, "mug")
    fill_and_order(second_browser, "mug", email="eve@example.com", street="1 Elm Street")
    browser.force_login(account)
    fill_and_order(browser, "mug", street="9 Oak Road")
    visitor = Client(headers={"sec-fetch-site": "same-origin"})

    # When the guest follows the mailed link
    with django_capture_on_commit_callbacks(execute=True):
        visitor.post(f"{RIGHTS}guest/", {"mail": "Robin@example.com"})
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)
    assert link is not None
    page = visitor.post(link[1]).content.decode()

    # Then they see their own order alone
    assert "12 Fern Lane" in page
    assert "1 Elm Street" not in page
    assert "9 Oak Road" not in page

    # And deleting takes the person out of it, and leaves the books
    proof = re.search(r'name="proof" value="([^"]+)"', page)
    assert proof is not None
    visitor.post(f"{RIGHTS}guest/act/", {"proof": proof[1], "action": "erase"})
    streets = sorted(Order.objects.values_list("street", flat=True))
    assert streets == ["", "1 Elm Street", "9 Oak Road"]
    assert Order.objects.get(street="").total_micros == 17_400_000
    assert visitor.cookies == {}


def test_an_account_that_never_chose_has_its_orders_shown_and_deleted(
    signed_in: Client, account: User, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug")
    fill_and_order(signed_in, "mug")

    page = signed_in.get(RIGHTS).content.decode()
    rows = signed_in.get(f"{RIGHTS}held/attention_storefront.orders/").content.decode()
    exported = signed_in.get(f"{RIGHTS}export/").json()

    assert "Orders" in page
    assert "You gave it to this shop." in page
    assert "/account/profile/" in page
    assert "12 Fern Lane" in rows
    labels = {each["label"] for each in exported["holdings"] if each["rows"]}
    assert labels == {
        "attention_storefront.account",
        "attention_storefront.orders",
        "attention_storefront.addresses",
        "attention_storefront.basket",
    }
    assert not Shopper.objects.exists()

    signed_in.post(f"{RIGHTS}erase/")
    assert Order.objects.get().street == ""
    assert User.objects.filter(pk=account.pk).exists()
    assert signed_in.get("/account/").status_code == 200


def test_closing_the_account_deletes_it_and_everything_in_it(
    signed_in: Client,
    account: User,
    site: Site,
    make_product: MakeProduct,
    fill_and_order: PlaceOrder,
) -> None:
    # Given an account with an order that also lets the shop remember it
    make_product("mug")
    fill_and_order(signed_in, "mug")
    signed_in.post("/attention/consent/", {"choice": "remember"})
    assert Shopper.objects.filter(user=account).exists()

    response = signed_in.post("/account/close/")

    assert response["Location"] == "/?notice=account-closed"
    assert not User.objects.filter(pk=account.pk).exists()
    assert not Shopper.objects.exists()
    order = Order.objects.get()
    assert (order.user, order.full_name, order.street) == (None, "", "")
    assert DataRequest.objects.get().state == "done"
    assert signed_in.get("/account/").status_code == 302


def test_only_who_is_signed_in_closes_an_account(browser: Client, account: User) -> None:
    assert browser.post("/account/close/").status_code == 302
    assert browser.get("/account/close/").status_code == 405
    foreign = Client(headers={"Origin": "https://evil.test"})
    foreign.force_login(account)
    assert foreign.post("/account/close/").status_code == 403
    assert User.objects.filter(pk=account.pk).exists()

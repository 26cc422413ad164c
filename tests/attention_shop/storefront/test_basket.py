from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.test import Client

from attention_shop.storefront.basket.models import Basket, BasketLine
from attention_shop.storefront.basket.store import AccountBasket
from tests.attention_shop.storefront.support import MakeProduct


def held(client: Client) -> dict[str, int]:
    lines = client.get("/basket/").context["contents"].lines
    return {line.product.sku: line.quantity for line in lines}


def test_an_empty_basket_says_so_and_has_no_checkout(browser: Client, site: Site) -> None:
    page = browser.get("/basket/")

    assert "Your basket is empty" in page.text
    assert browser.get("/checkout/").url == "/basket/?notice=basket-empty"


def test_quantities_add_up_to_what_one_order_can_hold(
    browser: Client, make_product: MakeProduct
) -> None:
    make_product("mug")

    browser.post("/basket/add/", {"product": "mug", "quantity": "15"})
    browser.post("/basket/add/", {"product": "mug", "quantity": "15"})
    assert held(browser) == {"mug": 20}

    refused = browser.post("/basket/add/", {"product": "mug"})
    assert refused.url == "/basket/?notice=basket-full"
    assert held(browser) == {"mug": 20}


def test_no_more_than_the_stock_goes_in(browser: Client, make_product: MakeProduct) -> None:
    make_product("mug", stock=3)

    browser.post("/basket/add/", {"product": "mug", "quantity": "9"})

    assert held(browser) == {"mug": 3}


def test_what_is_sold_out_unlisted_unpriced_or_unknown_does_not_go_in(
    browser: Client, make_product: MakeProduct
) -> None:
    make_product("gone", stock=0)
    make_product("on-request", price_micros=None)
    make_product("hidden", is_listed=False)

    assert "notice=unavailable" in browser.post("/basket/add/", {"product": "gone"}).url
    assert "notice=unavailable" in browser.post("/basket/add/", {"product": "on-request"}).url
    assert browser.post("/basket/add/", {"product": "hidden"}).status_code == 404
    assert browser.post("/basket/add/", {"product": "no-such"}).status_code == 404
    assert held(browser) == {}
    assert not browser.cookies


def test_a_basket_holds_one_currency(browser: Client, make_product: MakeProduct) -> None:
    make_product("mug")
    make_product("tasse", currency="EUR")

    browser.post("/basket/add/", {"product": "mug"})
    refused = browser.post("/basket/add/", {"product": "tasse"})

    assert "notice=other-currency" in refused.url
    assert held(browser) == {"mug": 1}


def test_a_basket_holds_fifty_lines(browser: Client, make_product: MakeProduct) -> None:
    for number in range(51):
        make_product(f"p{number}")
        last = browser.post("/basket/add/", {"product": f"p{number}"})

    assert "notice=basket-full" in last.url
    assert len(held(browser)) == 50


def test_senseless_quantities_change_nothing(browser: Client, make_product: MakeProduct) -> None:
    make_product("mug")
    browser.post("/basket/add/", {"product": "mug", "quantity": "2"})

    for senseless in ("-1", "1.5", "many", "", "9" * 40, "²"):
        browser.post("/basket/change/", {"product": "mug", "quantity": senseless})

    assert held(browser) == {"mug": 2}


def test_two_people_on_two_browsers_have_two_baskets(
    browser: Client, second_browser: Client, make_product: MakeProduct
) -> None:
    make_product("mug")

    browser.post("/basket/add/", {"product": "mug"})

    assert held(browser) == {"mug": 1}
    assert held(second_browser) == {}


def test_signing_in_carries_the_visit_into_the_account(
    browser: Client, account: User, make_product: MakeProduct, site: Site
) -> None:
    # Given an account with a mug, and a visit with a mug and a pot
    mug = make_product("mug")
    make_product("pot")
    AccountBasket(site=site, user=account).put(mug, 2)
    browser.post("/basket/add/", {"product": "mug"})
    browser.post("/basket/add/", {"product": "pot", "quantity": "4"})

    # When the person signs in
    browser.post("/account/login/", {"username": "Ada@Example.com", "password": "correct horse 9"})

    # Then both are together in the account, and signing in again adds nothing
    assert held(browser) == {"mug": 3, "pot": 4}
    browser.post("/account/logout/")
    assert held(browser) == {}
    browser.force_login(account)
    assert held(browser) == {"mug": 3, "pot": 4}
    assert Basket.objects.count() == 1
    assert BasketLine.objects.count() == 2


def test_the_header_counts_without_a_query_for_a_visitor_without_a_session(
    browser: Client, make_product: MakeProduct
) -> None:
    make_product("mug")
    assert 'class="badge"' not in browser.get("/basket/").text

    browser.post("/basket/add/", {"product": "mug", "quantity": "3"})

    assert "</span>3</span>" in browser.get("/basket/").text


def test_a_form_leads_back_inside_the_shop_only(browser: Client, make_product: MakeProduct) -> None:
    make_product("mug")

    inside = browser.post("/basket/add/", {"product": "mug", "next": "/c/coffee/?page=2"})
    outside = browser.post("/basket/add/", {"product": "mug", "next": "//evil.example/"})

    assert inside.url == "/c/coffee/?page=2&notice=basket-added"
    assert outside.url == "/basket/?notice=basket-added"

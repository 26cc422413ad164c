from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client

from attention_shop.storefront.accounts.models import Address
from attention_shop.storefront.basket.contents import contents_of
from attention_shop.storefront.basket.store import AccountBasket
from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.orders.models import Order, OrderLine
from attention_shop.storefront.orders.services import Destination, SoldOutError, place_order
from tests.attention_shop.storefront.support import ADDRESS, MakeProduct, PlaceOrder


def test_an_order_has_exact_totals(
    browser: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    # Given prices that no binary fraction holds
    make_product("mug", price_micros=3_333_333)
    make_product("pot", price_micros=10_100_000)

    # When three mugs and a pot are ordered
    response = fill_and_order(browser, "mug", "mug", "mug", "pot")

    # Then the sums are exact to the micro-unit, and the page shows the order
    order = Order.objects.get()
    assert response.url == f"/orders/{order.pk}/"
    assert order.goods_micros == 3 * 3_333_333 + 10_100_000 == 20_099_999
    assert order.shipping_micros == 4_900_000
    assert order.total_micros == 24_999_999
    assert list(order.lines.values_list("sku", "quantity", "price_micros")) == [
        ("mug", 3, 3_333_333),
        ("pot", 1, 10_100_000),
    ]
    assert order.user is None
    assert order.full_name == "Robin Vale"
    page = browser.get(response.url)
    assert order.number in page.text
    assert "Thank you for your order" in page.text


def test_an_order_takes_the_stock_counts_the_sales_and_empties_the_basket(
    browser: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    counted, uncounted = make_product("mug", stock=5), make_product("pot")

    fill_and_order(browser, "mug", "mug", "pot")

    counted.refresh_from_db()
    uncounted.refresh_from_db()
    assert (counted.stock, counted.units_sold) == (3, 2)
    assert (uncounted.stock, uncounted.units_sold) == (None, 1)
    assert browser.get("/checkout/").url == "/basket/?notice=basket-empty"


def test_a_past_price_is_not_changed_by_a_later_edit(
    browser: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    mug = make_product("mug", price_micros=60_000_000)
    fill_and_order(browser, "mug")

    mug.price_micros = 99_000_000
    mug.title = "Dearer mug"
    mug.save()

    order = Order.objects.get()
    assert order.total_micros == 60_000_000
    assert order.lines.get().price_micros == 60_000_000
    assert order.lines.get().title == "Thing mug"


@pytest.mark.django_db
def test_the_database_refuses_a_total_that_is_not_the_sum(site: Site) -> None:
    from django.utils import timezone

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.create(
            site=site,
            basket_token=uuid4(),
            currency="USD",
            goods_micros=10,
            shipping_micros=5,
            total_micros=16,
            placed_at=timezone.now(),
        )


def test_pressing_the_button_twice_makes_one_order(
    browser: Client, make_product: MakeProduct, address: dict[str, str]
) -> None:
    mug = make_product("mug", stock=10)
    browser.post("/basket/add/", {"product": "mug"})
    contents = browser.get("/checkout/").context["contents"]
    form = address | {
        "filling": str(contents.token),
        "shown_total": str(contents.total_micros),
    }

    first = browser.post("/checkout/", form)
    second = browser.post("/checkout/", form)

    assert first.url == second.url
    assert Order.objects.count() == 1
    mug.refresh_from_db()
    assert mug.stock == 9


def test_a_press_repeated_after_more_was_put_in_leaves_the_new_basket_alone(
    browser: Client, make_product: MakeProduct, address: dict[str, str]
) -> None:
    make_product("mug")
    browser.post("/basket/add/", {"product": "mug"})
    contents = browser.get("/checkout/").context["contents"]
    form = address | {"filling": str(contents.token), "shown_total": str(contents.total_micros)}
    first = browser.post("/checkout/", form)
    browser.post("/basket/add/", {"product": "mug", "quantity": "7"})

    again = browser.post("/checkout/", form)

    assert again.url == first.url
    assert Order.objects.count() == 1
    assert browser.get("/basket/").context["contents"].count == 7


def test_somebody_elses_filling_shows_nothing_of_their_order(
    browser: Client,
    second_browser: Client,
    make_product: MakeProduct,
    fill_and_order: PlaceOrder,
    address: dict[str, str],
) -> None:
    make_product("mug")
    fill_and_order(browser, "mug")

    stolen = second_browser.post(
        "/checkout/", address | {"filling": str(Order.objects.get().basket_token)}
    )

    assert stolen.url == "/basket/?notice=basket-empty"


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_make_one_order() -> None:
    # Given an account's basket, read by two requests before either ordered
    site = Site.objects.get_current()
    user = User.objects.create_user("ada@example.com")
    category = Category.objects.create(site=site, key="c", slug="c", name="C")
    from django.utils import timezone

    mug = Product.objects.create(
        site=site,
        sku="mug",
        title="Mug",
        category=category,
        price_micros=5_000_000,
        stock=10,
        created_at=timezone.now(),
    )
    basket = AccountBasket(site=site, user=user)
    basket.put(mug, 2)
    contents = contents_of(site=site, basket=basket)
    gate = threading.Barrier(2)
    placed: list[tuple[str, bool]] = []

    def press() -> None:
        try:
            gate.wait(10)
            outcome = place_order(
                site=site,
                user=user,
                basket=basket,
                contents=contents,
                destination=Destination(**ADDRESS),
            )
            placed.append((outcome.order.number, outcome.is_new))
        finally:
            connections.close_all()

    # When both order it
    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    # Then one order was made, both know it, and the stock was taken once
    number = Order.objects.get().number
    assert sorted(placed) == [(number, False), (number, True)]
    mug.refresh_from_db()
    assert (mug.stock, mug.units_sold) == (8, 2)
    assert basket.quantities() == {}
    assert connection.vendor in {"postgresql", "sqlite"}


def test_what_sold_out_meanwhile_makes_no_order_and_takes_no_stock(
    site: Site, account: User, make_product: MakeProduct
) -> None:
    # Given a basket read before somebody else took the last pot
    mug, pot = make_product("mug", stock=5), make_product("pot", stock=1)
    basket = AccountBasket(site=site, user=account)
    basket.put(mug, 2)
    basket.put(pot, 1)
    contents = contents_of(site=site, basket=basket)
    Product.objects.filter(pk=pot.pk).update(stock=0)

    # When it is ordered
    with pytest.raises(SoldOutError) as refusal:
        place_order(
            site=site,
            user=account,
            basket=basket,
            contents=contents,
            destination=Destination(**ADDRESS),
        )

    # Then nothing happened
    assert refusal.value.product == pot
    assert not Order.objects.exists()
    assert not OrderLine.objects.exists()
    mug.refresh_from_db()
    assert (mug.stock, mug.units_sold) == (5, 0)
    assert basket.quantities() == {"mug": 2, "pot": 1}


def test_the_page_says_what_sold_out(
    browser: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    mug = make_product("mug", stock=1)
    browser.post("/basket/add/", {"product": "mug"})
    contents = browser.get("/checkout/").context["contents"]
    Product.objects.filter(pk=mug.pk).update(stock=0)

    page = browser.post(
        "/checkout/",
        ADDRESS | {"filling": str(contents.token), "shown_total": str(contents.total_micros)},
    )

    assert page.status_code == 409
    assert "no longer available" in page.text
    assert not Order.objects.exists()


def test_a_price_that_changed_is_shown_before_it_is_charged(
    browser: Client, make_product: MakeProduct, address: dict[str, str]
) -> None:
    mug = make_product("mug", price_micros=60_000_000)
    browser.post("/basket/add/", {"product": "mug"})
    seen = browser.get("/checkout/").context["contents"]
    Product.objects.filter(pk=mug.pk).update(price_micros=70_000_000)

    page = browser.post(
        "/checkout/",
        address | {"filling": str(seen.token), "shown_total": str(seen.total_micros)},
    )

    assert page.status_code == 409
    assert page.context["contents"].total_micros == 70_000_000
    assert not Order.objects.exists()


@pytest.mark.parametrize("missing", ["full_name", "email", "street", "postal_code", "city"])
def test_an_incomplete_address_makes_no_order(
    missing: str, browser: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug")

    page = fill_and_order(browser, "mug", **{missing: ""})

    assert page.status_code == 422
    assert missing in page.context["form"].errors
    assert not Order.objects.exists()


def test_an_account_finds_its_address_again(
    signed_in: Client, account: User, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug")

    fill_and_order(signed_in, "mug")

    assert Order.objects.get().user == account
    assert Address.objects.get(user=account).street == "12 Fern Lane"
    signed_in.post("/basket/add/", {"product": "mug"})
    assert "12 Fern Lane" in signed_in.get("/checkout/").text

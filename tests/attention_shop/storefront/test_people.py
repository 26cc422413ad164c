"""What one person may see and change of another: nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from attention_shop.storefront.accounts.models import Favorite
from attention_shop.storefront.feedback.models import Comment, Complaint, Review
from attention_shop.storefront.orders.models import Order
from tests.attention_shop.storefront.support import MakeProduct, PlaceOrder


@pytest.fixture
def stranger(second_browser: Client) -> Client:
    second_browser.force_login(User.objects.create_user("eve@example.com"))
    return second_browser


@pytest.mark.parametrize("orders_as", ["guest", "account"])
def test_an_order_is_seen_by_its_own_person_only(
    orders_as: str,
    browser: Client,
    account: User,
    stranger: Client,
    make_product: MakeProduct,
    fill_and_order: PlaceOrder,
) -> None:
    make_product("mug")
    if orders_as == "account":
        browser.force_login(account)
    url = fill_and_order(browser, "mug").url

    assert browser.get(url).status_code == 200
    assert stranger.get(url).status_code == 404
    assert Client().get(url).status_code == 404
    assert stranger.post(f"{url}return/", {"product": "mug"}).status_code == 404
    assert Order.objects.get().lines.get().returned_at is None
    assert "private" in browser.get(url).headers["Cache-Control"]


def test_a_guest_who_signs_out_of_an_account_leaves_nothing_behind(
    signed_in: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug")
    url = fill_and_order(signed_in, "mug").url
    signed_in.post("/favorites/keep/", {"product": "mug"})

    signed_in.post("/account/logout/")

    assert signed_in.get(url).status_code == 404
    assert signed_in.get("/favorites/").context["products"] == []


@pytest.mark.parametrize(
    "page", ["/account/", "/orders/", "/account/profile/", "/account/password/"]
)
@pytest.mark.django_db
def test_account_pages_ask_a_visitor_to_sign_in(page: str) -> None:
    assert Client().get(page).url == f"/account/login/?next={page}"


def test_the_history_shows_own_orders_newest_first(
    signed_in: Client, stranger: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug")
    first = fill_and_order(signed_in, "mug").url
    second = fill_and_order(signed_in, "mug").url

    shown = [order.get_absolute_url() for order in signed_in.get("/orders/").context["orders"]]
    assert shown == [second, first]
    assert "No orders yet" in stranger.get("/orders/").text


def test_a_line_is_returned_once(
    signed_in: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug")
    url = fill_and_order(signed_in, "mug").url

    first = signed_in.post(f"{url}return/", {"product": "mug"})
    returned_at = Order.objects.get().lines.get().returned_at
    second = signed_in.post(f"{url}return/", {"product": "mug"})
    unknown = signed_in.post(f"{url}return/", {"product": "pot"})

    assert first.url == f"{url}?notice=returned"
    assert second.url == unknown.url == f"{url}?notice=return-refused"
    assert returned_at is not None
    assert Order.objects.get().lines.get().returned_at == returned_at


def test_favorites_of_a_visit_follow_into_the_account(
    browser: Client, account: User, make_product: MakeProduct
) -> None:
    make_product("mug")
    pot = make_product("pot")
    Favorite.objects.create(user=account, product=pot)
    for sku in ("mug", "pot"):
        browser.post("/favorites/keep/", {"product": sku})
    assert not Favorite.objects.filter(product__sku="mug").exists()

    browser.force_login(account)
    browser.post("/account/logout/")
    browser.post("/favorites/keep/", {"product": "mug"})
    browser.post("/account/login/", {"username": "ada@example.com", "password": "correct horse 9"})

    kept = Favorite.objects.filter(user=account).values_list("product__sku", flat=True)
    assert sorted(kept) == ["mug", "pot"]


def test_a_favorite_is_dropped(signed_in: Client, make_product: MakeProduct) -> None:
    make_product("mug")
    signed_in.post("/favorites/keep/", {"product": "mug"})
    assert "remove from favorites" in signed_in.get("/product/mug/").text

    signed_in.post("/favorites/drop/", {"product": "mug"})

    assert not Favorite.objects.exists()
    assert "add to favorites" in signed_in.get("/product/mug/").text
    assert "No favorites yet" in signed_in.get("/favorites/").text


def test_only_buyers_review_and_their_stars_join_the_rating(
    signed_in: Client, stranger: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    # Given a mug rated 4.0 by its source, bought by one account
    mug = make_product("mug", source_rating=4.0, rating=4.0)
    fill_and_order(signed_in, "mug")

    # When the buyer and a stranger review it
    refused = stranger.post("/feedback/review/", {"product": "mug", "stars": "1"})
    taken = signed_in.post("/feedback/review/", {"product": "mug", "stars": "5", "text": "Fine."})

    # Then the buyer's stars count for one of eleven, and the stranger's for nothing
    assert refused.url == "/product/mug/?notice=review-buyers"
    assert taken.url == "/product/mug/?notice=review-thanks"
    mug.refresh_from_db()
    assert (mug.rating, mug.review_count) == (4.09, 1)

    # And a second review replaces the first
    signed_in.post("/feedback/review/", {"product": "mug", "stars": "2"})
    mug.refresh_from_db()
    assert (mug.rating, mug.review_count) == (3.82, 1)
    assert Review.objects.get().text == ""


def test_senseless_stars_are_refused(
    signed_in: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug")
    fill_and_order(signed_in, "mug")

    for stars in ("0", "6", "", "five", "5.5"):
        response = signed_in.post("/feedback/review/", {"product": "mug", "stars": stars})
        assert response.url == "/product/mug/?notice=stars-missing"
    assert not Review.objects.exists()


def test_comments_need_an_account_and_words(
    browser: Client, account: User, make_product: MakeProduct
) -> None:
    make_product("mug")
    asked = browser.post("/feedback/comment/", {"product": "mug", "text": "Hello?"})
    assert asked.url.startswith("/account/login/")

    browser.force_login(account)
    browser.post("/feedback/comment/", {"product": "mug", "text": "   "})
    browser.post("/feedback/comment/", {"product": "mug", "text": "Does it <b>stack</b>?"})

    assert [comment.text for comment in Comment.objects.all()] == ["Does it <b>stack</b>?"]
    assert "Does it &lt;b&gt;stack&lt;/b&gt;?" in browser.get("/product/mug/").text


def test_a_complaint_reaches_the_shop_and_nobody_else(
    browser: Client, make_product: MakeProduct
) -> None:
    make_product("mug")

    browser.post("/feedback/complaint/", {"product": "mug", "text": "The handle came off."})

    assert Complaint.objects.get().user is None
    assert "handle" not in browser.get("/product/mug/").text


def test_an_account_is_made_once_and_signed_in(browser: Client, site: object) -> None:
    form = {
        "first_name": "Ada",
        "email": "Ada@Example.com",
        "password1": "correct horse 9",
        "password2": "correct horse 9",
    }

    made = browser.post("/account/register/", form)
    assert made.url == "/account/?notice=welcome"
    assert "Hello, Ada" in browser.get("/account/").text

    again = Client().post("/account/register/", form)
    assert again.status_code == 422
    assert User.objects.get().username == "ada@example.com"


def test_the_name_and_the_password_change(signed_in: Client, account: User) -> None:
    signed_in.post("/account/profile/", {"first_name": "Augusta", "last_name": "King"})
    signed_in.post(
        "/account/password/",
        {
            "old_password": "correct horse 9",
            "new_password1": "battery staple 7",
            "new_password2": "battery staple 7",
        },
    )

    account.refresh_from_db()
    assert account.get_full_name() == "Augusta King"
    assert account.check_password("battery staple 7")
    assert signed_in.get("/account/").status_code == 200


def test_the_admin_is_not_for_shoppers(signed_in: Client) -> None:
    assert signed_in.get("/admin/").status_code == 302

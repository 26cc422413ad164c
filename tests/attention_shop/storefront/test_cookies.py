from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from attention_shop.storefront import urls
from tests.attention_shop.storefront.support import MakeProduct

MAY_SET_CSRF = {"login", "register"}
FORMS = {
    "account_close",
    "basket_add",
    "basket_change",
    "favorite_keep",
    "favorite_drop",
    "logout",
    "language",
    "order_return",
    "review",
    "comment",
    "complaint",
    "wish",
}


def _arguments(name: str) -> dict[str, object]:
    return {
        "product": {"sku": "mug"},
        "category": {"slug": "coffee"},
        "order": {"order_id": uuid4()},
        "order_return": {"order_id": uuid4()},
    }.get(name, {})


def _pages() -> Iterator[str]:
    for pattern in urls.urlpatterns:
        yield str(pattern.name)


@pytest.mark.parametrize("name", list(_pages()))
def test_the_first_response_of_every_address_sets_no_cookie(
    name: str, make_product: MakeProduct
) -> None:
    # Given a visitor who was never here
    make_product("mug")
    visitor = Client(headers={"sec-fetch-site": "same-origin"})

    # When they ask for the address, with a form where it takes one
    address = reverse(f"attention_storefront:{name}", kwargs=_arguments(name))
    response = visitor.post(address) if name in FORMS else visitor.get(address)

    # Then no cookie is set, a session's neither
    allowed = {"csrftoken"} if name in MAY_SET_CSRF else set()
    assert set(response.cookies) <= allowed
    assert response.status_code in {200, 302, 400, 404}


@pytest.mark.django_db
def test_unknown_addresses_set_no_cookie() -> None:
    response = Client().get("/nothing/here/")

    assert response.status_code == 404
    assert not response.cookies


def test_looking_around_and_complaining_starts_no_session(
    browser: Client, make_product: MakeProduct
) -> None:
    make_product("mug")

    for address in (
        "/",
        "/c/coffee/",
        "/product/mug/",
        "/search/?q=mug",
        "/basket/",
        "/favorites/",
    ):
        browser.get(address)
    browser.post("/feedback/wish/", {"product": "mug", "wish": "hide"})
    browser.post("/feedback/complaint/", {"product": "mug", "text": "The handle came off."})
    browser.post("/basket/change/", {"product": "mug", "quantity": "3"})

    assert not browser.cookies


def test_a_session_starts_with_the_first_thing_in_the_basket_and_ends_with_the_last(
    browser: Client, make_product: MakeProduct
) -> None:
    make_product("mug")

    browser.post("/basket/add/", {"product": "mug"})
    assert set(browser.cookies) == {"sessionid"}

    browser.post("/basket/change/", {"product": "mug", "quantity": "0"})
    assert browser.cookies["sessionid"].value == ""


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_form_of_another_site_is_refused(name: str, make_product: MakeProduct) -> None:
    # Given a page elsewhere that posts to the shop, and a shopper's browser
    make_product("mug")
    address = reverse(f"attention_storefront:{name}", kwargs=_arguments(name))

    # When the browser says where the form comes from
    response = Client(headers={"sec-fetch-site": "cross-site"}).post(address, {"product": "mug"})

    # Then nothing happens
    assert response.status_code == 403
    assert not response.cookies

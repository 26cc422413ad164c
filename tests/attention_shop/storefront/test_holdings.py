from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.core.checks import run_checks
from django.test import Client

from attention_shop.storefront.feedback.models import Comment, Complaint, Review
from attention_shop.storefront.orders.models import Order
from consent.holdings import Holding, all_holdings
from consent.models import Shopper
from tests.attention_shop.storefront.support import MakeProduct, PlaceOrder
from tests.consent.support import new_shopper


def own_holdings() -> dict[str, Holding]:
    """Those of the shop's own rows; its sessions have a test of their own."""
    own = "attention_storefront."
    return {
        each.label.removeprefix(own): each
        for each in all_holdings()
        if own in each.label and each.label != f"{own}sessions"
    }


@pytest.fixture
def held(
    signed_in: Client,
    account: User,
    site: Site,
    make_product: MakeProduct,
    fill_and_order: PlaceOrder,
) -> Shopper:
    """A shopper whose account has some of everything."""
    make_product("mug", source_rating=4.0, rating=4.0)
    fill_and_order(signed_in, "mug")
    signed_in.post("/basket/add/", {"product": "mug", "quantity": "2"})
    signed_in.post("/favorites/keep/", {"product": "mug"})
    signed_in.post("/feedback/review/", {"product": "mug", "stars": "5", "text": "Fine."})
    signed_in.post("/feedback/comment/", {"product": "mug", "text": "Does it stack?"})
    signed_in.post("/feedback/complaint/", {"product": "mug", "text": "It drips."})
    return new_shopper(site, user=account)


def test_everything_of_a_person_is_counted_and_told(held: Shopper) -> None:
    holdings = own_holdings()

    assert {name: each.count(held.pk) for name, each in holdings.items()} == {
        "account": 1,
        "orders": 1,
        "addresses": 1,
        "basket": 1,
        "favorites": 1,
        "reviews": 1,
        "comments": 1,
        "complaints": 1,
    }
    told: dict[str, Any] = {name: list(each.export(held.pk)) for name, each in holdings.items()}
    assert told["orders"][0]["lines"] == [
        {"product": "mug", "title": "Thing mug", "quantity": 1, "price_micros": 12_500_000}
    ]
    assert told["orders"][0]["street"] == "12 Fern Lane"
    assert told["account"][0]["email"] == "ada@example.com"
    assert told["basket"] == [{"lines": [{"product": "mug", "quantity": 2}]}]
    assert told["reviews"][0]["stars"] == 5
    assert told["complaints"][0]["text"] == "It drips."


def test_erasing_leaves_the_books_and_nothing_of_the_person(held: Shopper) -> None:
    # When everything is erased, a row at a time
    for holding in own_holdings().values():
        while holding.erase(held.pk, 1):
            pass

    # Then nothing but the account leads to the person, amounts are as they were, the stars are out
    left = {name for name, each in own_holdings().items() if each.count(held.pk)}
    assert left == {"account"}
    order = Order.objects.get()
    assert (order.user, order.full_name, order.email, order.street) == (None, "", "", "")
    assert order.total_micros == 17_400_000
    assert order.lines.get().product is not None
    assert order.lines.get().product.rating == 4.0  # type: ignore[union-attr]
    assert not Review.objects.exists()
    assert not Comment.objects.exists()
    assert not Complaint.objects.exists()


def test_another_person_is_left_alone(held: Shopper, site: Site) -> None:
    other = new_shopper(site, user=User.objects.create_user("eve@example.com"))
    nobody = new_shopper(site)

    for name, holding in own_holdings().items():
        for shopper in (other, nobody):
            own = int(name == "account" and shopper == other)
            assert holding.count(shopper.pk) == own
            assert len(list(holding.export(shopper.pk))) == own
            assert holding.erase(shopper.pk, None) == 0

    left = {name: each.count(held.pk) for name, each in own_holdings().items()}
    assert left == dict.fromkeys(left, 1)


def test_every_exported_field_says_what_it_means(held: Shopper) -> None:
    for name, holding in own_holdings().items():
        for row in holding.export(held.pk):
            assert set(row) <= set(holding.schema), name


def test_the_checks_find_every_model_of_the_shop_registered() -> None:
    config = apps.get_app_config("attention_storefront")

    found = run_checks(app_configs=[config])

    ours = [each for each in found if "attention_storefront" in f"{each.obj} {each.msg}"]
    assert ours == []

"""What the shop tells of people: everything they allowed, nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from recommender.catalog.services import reconcile
from recommender.events.kinds import Kind
from recommender.events.models import Event
from tests.attention_shop.storefront.support import MakeProduct, PlaceOrder

Told = Callable[[], list[tuple[str, str | None, int | None]]]


@pytest.fixture
def shelf(make_product: MakeProduct, site: object) -> None:
    make_product("mug", price_micros=60_000_000)
    make_product("pot")
    reconcile(site=site)  # type: ignore[arg-type]


@pytest.fixture
def told(db: None) -> Told:
    """Kind, product and value of every event there is, oldest first."""

    def read() -> list[tuple[str, str | None, int | None]]:
        rows = Event.rows.order_by("occurred_at", "id")
        return [
            (
                Kind.of_code(row.kind).value,
                row.product.host_key if row.product_id else None,
                row.value,
            )
            for row in rows.select_related("product")
        ]

    return read


def say(client: Client, choice: str) -> None:
    assert client.post("/attention/consent/", {"choice": choice}).status_code in {200, 302, 303}


def do_everything(client: Client, order: PlaceOrder) -> None:
    client.get("/product/mug/")
    client.get("/search/?q=thing")
    client.post("/favorites/keep/", {"product": "mug"})
    client.post("/favorites/keep/", {"product": "mug"})
    client.post("/favorites/drop/", {"product": "mug"})
    client.post("/basket/add/", {"product": "pot", "quantity": "3"})
    client.post("/basket/change/", {"product": "pot", "quantity": "1"})
    client.post("/basket/change/", {"product": "pot", "quantity": "0"})
    for wish in ("share", "less_like_this", "hide"):
        client.post("/feedback/wish/", {"product": "pot", "wish": wish})
    client.post("/feedback/complaint/", {"product": "pot", "text": "It drips."})
    url = order(client, "mug", "mug").url
    client.post(f"{url}return/", {"product": "mug"})
    client.post("/feedback/review/", {"product": "mug", "stars": "4", "text": "Good."})
    client.post("/feedback/comment/", {"product": "mug", "text": "Does it stack?"})


def test_every_kind_with_a_control_is_told_once(
    shelf: None, signed_in: Client, told: Told, fill_and_order: PlaceOrder
) -> None:
    # Given a person who said: remember me
    say(signed_in, "remember")

    # When they do everything there is to do
    do_everything(signed_in, fill_and_order)

    # Then each act is told once, with its product and value
    assert told() == [
        ("view", "mug", None),
        ("search", None, 2),
        ("favorite", "mug", None),
        ("unfavorite", "mug", None),
        ("cart_add", "pot", 3),
        ("cart_remove", "pot", 2),
        ("cart_remove", "pot", 1),
        ("share", "pot", None),
        ("less_like_this", "pot", None),
        ("hide", "pot", None),
        ("complaint", "pot", None),
        ("cart_add", "mug", 1),
        ("cart_add", "mug", 1),
        ("order", "mug", 2),
        ("return", "mug", 2),
        ("rating", "mug", 400),
        ("review", "mug", None),
        ("comment", "mug", None),
    ]
    assert Event.rows.filter(kind=Kind.ORDER.code).get().price_micros == 60_000_000


@pytest.mark.parametrize("choice", [None, "off", "visit"])
def test_without_remember_me_nothing_is_told(
    choice: str | None,
    shelf: None,
    signed_in: Client,
    told: Told,
    fill_and_order: PlaceOrder,
) -> None:
    if choice:
        say(signed_in, choice)

    do_everything(signed_in, fill_and_order)

    assert told() == []


def test_a_view_counts_once_with_the_page_and_its_script(
    shelf: None, browser: Client, told: Told
) -> None:
    # Given a remembered person who opens a product
    say(browser, "remember")
    page = browser.get("/product/mug/")
    stored = Event.rows.get()
    assert f'data-attention-view="{stored.id}"' in page.text

    # When the page's script sends the same view
    sent = {"id": str(stored.id), "kind": "view", "product": "mug"}
    browser.post("/attention/events/", {"v": 1, "events": [sent]}, content_type="application/json")

    # Then there is one
    assert told() == [("view", "mug", None)]


def test_hiding_says_whether_it_is_remembered(shelf: None, browser: Client) -> None:
    wish = {"product": "mug", "wish": "hide"}
    assert browser.post("/feedback/wish/", wish).url == "/product/mug/?notice=not-remembered"

    say(browser, "remember")

    assert browser.post("/feedback/wish/", wish).url == "/product/mug/?notice=hidden"
    unknown = browser.post("/feedback/wish/", {"product": "mug", "wish": "order"})
    assert unknown.url == "/product/mug/?notice=unavailable"


def test_pressing_order_twice_tells_of_it_once(
    shelf: None, browser: Client, told: Told, address: dict[str, str]
) -> None:
    say(browser, "remember")
    browser.post("/basket/add/", {"product": "mug"})
    contents = browser.get("/checkout/").context["contents"]
    form = address | {"filling": str(contents.token), "shown_total": str(contents.total_micros)}

    for _press in range(2):
        browser.post("/checkout/", form)

    assert [kind for kind, _product, _value in told()].count("order") == 1


def test_a_later_page_or_a_filter_is_not_a_new_search(
    shelf: None, browser: Client, told: Told
) -> None:
    say(browser, "remember")

    browser.get("/search/?q=thing&page=2")
    browser.get("/search/?q=thing&brand=Brewlow")
    browser.get("/search/?q=")

    assert told() == []


def test_a_key_nobody_gave_out_tells_nothing(shelf: None, browser: Client, told: Told) -> None:
    browser.cookies["attention_key"] = f"1.{uuid.uuid4().hex}.forged"

    assert browser.get("/product/mug/").status_code == 200

    assert told() == []

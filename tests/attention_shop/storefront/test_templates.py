from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.test import Client

from attention_shop.storefront.middleware import POLICY
from tests.attention_shop.storefront.support import MakeProduct, PlaceOrder

FOLDER = Path(settings.BASE_DIR) / "templates/attention_storefront"
TEMPLATES = sorted(FOLDER.rglob("*.html"))

INLINE = re.compile(
    r"""\sstyle\s*=|<style\b|<script\b(?![^>]*\ssrc=)|\son[a-z]+\s*=|javascript:""",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_template_needs_nothing_the_policy_forbids(path: Path) -> None:
    text = path.read_text()

    assert not INLINE.search(text)
    assert not ELSEWHERE.search(text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_only_the_named_pages_hold_a_csrf_token(path: Path) -> None:
    holds = "csrf_token" in path.read_text()

    assert holds == (path.name in {"login.html", "register.html"})


def test_whole_pages_are_clean_and_carry_the_policy(
    signed_in: Client, make_product: MakeProduct, fill_and_order: PlaceOrder
) -> None:
    make_product("mug", rating=4.5, text="Holds tea.", tags=["tea"])
    order = fill_and_order(signed_in, "mug").url
    signed_in.post("/basket/add/", {"product": "mug"})
    signed_in.post("/favorites/keep/", {"product": "mug"})

    for address in (
        "/",
        "/departments/",
        "/c/kitchen/",
        "/product/mug/",
        "/search/?q=thing",
        "/basket/",
        "/checkout/",
        "/orders/",
        order,
        "/favorites/",
        "/account/",
        "/account/profile/",
        "/account/password/",
        "/nowhere/",
    ):
        page = signed_in.get(address)
        assert page.headers["Content-Security-Policy"] == POLICY
        assert not INLINE.search(page.text), address
        assert page.text.count("<h1") == 1, address


def test_the_error_page_needs_neither_request_nor_database() -> None:
    text = get_template("attention_storefront/500.html").render()

    assert "Something broke on our side" in text


def test_an_error_in_a_view_answers_with_that_page(
    make_product: MakeProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attention_shop.storefront.catalog import selectors

    def broken(**kwargs: object) -> None:
        raise RuntimeError("no shelf today")

    monkeypatch.setattr(selectors, "new_arrivals", broken)

    page = Client(raise_request_exception=False).get("/")

    assert page.status_code == 500
    assert "Something broke on our side" in page.text
    assert not page.cookies


def test_a_missing_page_has_the_frame_of_the_shop(make_product: MakeProduct) -> None:
    make_product("mug")

    page = Client().get("/product/no-such/")

    assert page.status_code == 404
    assert "This page is not on our shelves" in page.text
    assert "Kitchen" in page.text


def test_a_notice_comes_from_the_closed_table_only(make_product: MakeProduct) -> None:
    known = Client().get("/?notice=basket-added").text
    unknown = Client().get("/", {"notice": "You won, call 555"}).text

    assert "Added to your basket." in known
    assert "You won" not in unknown
    assert 'class="notice' not in unknown

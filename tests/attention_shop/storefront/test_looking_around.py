from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attention_shop.storefront.catalog.models import Category
from tests.attention_shop.storefront.support import MakeProduct


def skus(page: Any) -> list[str]:
    return [product.sku for product in page.context["listing"].page.object_list]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/", "The shelves are being filled"),
        ("/departments/", "No departments yet"),
        ("/search/", "What are you looking for?"),
        ("/search/?q=teapot", "Nothing found"),
        ("/favorites/", "No favorites yet"),
        ("/basket/", "Your basket is empty"),
    ],
)
@pytest.mark.django_db
def test_an_empty_shop_says_so(address: str, words: str) -> None:
    page = Client().get(address)

    assert page.status_code == 200
    assert words in page.text


def test_an_empty_category_says_so(browser: Client, coffee: Category) -> None:
    assert "Nothing here yet" in browser.get("/c/coffee/").text
    assert browser.get("/c/no-such/").status_code == 404


def test_a_department_lists_what_is_below_it(
    browser: Client, make_product: MakeProduct, site: Site
) -> None:
    tea = Category.objects.create(site=site, key="tea", slug="tea", name="Tea")
    make_product("mug")
    make_product("leaf", category=tea)

    assert skus(browser.get("/c/kitchen/")) == ["mug"]
    assert skus(browser.get("/c/coffee/")) == ["mug"]
    assert skus(browser.get("/c/tea/")) == ["leaf"]


def test_what_is_not_listed_is_shown_nowhere(browser: Client, make_product: MakeProduct) -> None:
    make_product("mug", is_listed=False)

    assert "Nothing here yet" in browser.get("/c/coffee/").text
    assert "Nothing found" in browser.get("/search/?q=thing").text
    assert browser.get("/product/mug/").status_code == 404


def test_another_sites_products_are_shown_nowhere(
    browser: Client, make_product: MakeProduct
) -> None:
    make_product("mug", site=Site.objects.create(domain="other.example", name="other"))

    assert browser.get("/product/mug/").status_code == 404
    assert "Nothing found" in browser.get("/search/?q=thing").text


def test_listings_are_sorted_as_asked(browser: Client, make_product: MakeProduct) -> None:
    now = timezone.now()
    make_product("a", price_micros=3, units_sold=5, rating=2.0, created_at=now)
    make_product("b", price_micros=1, rating=5.0, created_at=now - timedelta(days=1))
    make_product("c", price_micros=None, units_sold=9, created_at=now - timedelta(days=2))

    assert skus(browser.get("/c/coffee/")) == ["c", "a", "b"]
    assert skus(browser.get("/c/coffee/?sort=new")) == ["a", "b", "c"]
    assert skus(browser.get("/c/coffee/?sort=price")) == ["b", "a", "c"]
    assert skus(browser.get("/c/coffee/?sort=price-down")) == ["a", "b", "c"]
    assert skus(browser.get("/c/coffee/?sort=rating")) == ["b", "a", "c"]
    assert skus(browser.get("/c/coffee/?sort=no-such")) == ["c", "a", "b"]


def test_listings_are_filtered_by_brand_and_price(
    browser: Client, make_product: MakeProduct
) -> None:
    make_product("cheap", price_micros=9_990_000)
    make_product("middle", price_micros=10_000_000, brand="Saltwood")
    make_product("dear", price_micros=50_000_000, brand="Saltwood")

    def found(query: str) -> set[str]:
        return set(skus(browser.get(f"/c/coffee/?{query}")))

    assert found("brand=Saltwood") == {"middle", "dear"}
    assert found("brand=Saltwood&brand=Brewlow") == {"cheap", "middle", "dear"}
    assert found("min=10") == {"middle", "dear"}
    assert found("max=9.99") == {"cheap"}
    assert found("min=9.995&max=49") == {"middle"}
    assert found("min=nan&max=-1") == {"cheap", "middle", "dear"}
    assert found("min=1e999&max=abc") == {"cheap", "middle", "dear"}
    assert "Nothing matches these filters" in browser.get("/c/coffee/?min=99").text
    brands = browser.get("/c/coffee/").context["listing"].brands
    assert [(brand.name, brand.count) for brand in brands] == [("Saltwood", 2), ("Brewlow", 1)]


def test_pages_hold_twenty_four_and_keep_the_filters(
    browser: Client, make_product: MakeProduct
) -> None:
    for number in range(25):
        make_product(f"p{number:02}")

    first = browser.get("/c/coffee/?brand=Brewlow&sort=new")
    last = browser.get("/c/coffee/?page=2")

    assert len(skus(first)) == 24
    assert "?brand=Brewlow&amp;sort=new&amp;page=2" in first.text
    assert len(skus(last)) == 1
    for senseless in ("0", "99", "-3", "x", "1" * 30, "²"):
        assert browser.get("/c/coffee/", {"page": senseless}).status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("teapot", ["pot"]),
        ("TEAPOT", ["pot"]),
        ("saltwood", ["pot"]),
        ("coffee", ["mug", "pot"]),
        ("glazed brewlow", ["mug"]),
        ("glazed saltwood", []),
        ("100%", []),
        ("_", []),
        ("'; --", []),
    ],
)
def test_search_finds_titles_brands_and_categories(
    query: str, found: list[str], browser: Client, make_product: MakeProduct
) -> None:
    make_product("mug", title="Glazed cup")
    make_product("pot", title="Teapot", brand="Saltwood")

    page = browser.get("/search/", {"q": query})

    if found:
        assert sorted(skus(page)) == found
    else:
        assert "Nothing found" in page.text


def test_search_takes_any_text(browser: Client, make_product: MakeProduct) -> None:
    make_product("mug")

    for text in ("x" * 5_000, "<script>alert(1)</script>", "🌿", " "):
        page = browser.get("/search/", {"q": text})
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_the_home_page_shows_its_own_bestsellers_in_whole_rows(
    browser: Client, make_product: MakeProduct
) -> None:
    for number in range(3):
        make_product(f"p{number}", units_sold=number + 1, rating=4.0)
    assert browser.get("/").context["bestsellers"] == []
    assert "Best rated" in browser.get("/").text

    make_product("p3", units_sold=9)

    page = browser.get("/")
    assert [product.sku for product in page.context["bestsellers"]] == ["p3", "p2", "p1", "p0"]
    assert "Bestsellers" in page.text


def test_a_product_without_a_picture_has_a_tile(browser: Client, make_product: MakeProduct) -> None:
    make_product("bare", title="«Ünder» glass")
    make_product("drawn", picture_url="/static/attention_storefront/pictures/mug-clay.svg")
    make_product("named", picture_url="attention_storefront/pictures/mug-clay.svg")
    make_product("foreign", picture_url="https://elsewhere.example/mug.jpg")

    assert '<span class="picture-letter" aria-hidden="true">Ü</span>' in (
        browser.get("/product/bare/").text
    )
    for sku in ("drawn", "named"):
        assert 'src="/static/attention_storefront/pictures/mug-clay.svg"' in (
            browser.get(f"/product/{sku}/").text
        )
    assert "elsewhere.example" not in browser.get("/product/foreign/").text


def test_a_product_key_may_hold_anything(browser: Client, make_product: MakeProduct) -> None:
    odd = make_product("a/b c?d#é&<i>")

    page = browser.get(odd.get_absolute_url())

    assert page.status_code == 200
    assert page.context["product"] == odd


@pytest.mark.parametrize("address", ["/c/kitchen/", "/search/?q=thing"])
def test_a_listing_costs_the_same_queries_however_long_it_is(
    address: str,
    browser: Client,
    make_product: MakeProduct,
) -> None:
    make_product("p0", rating=4.5)
    browser.get(address)
    for number in range(1, 30):
        make_product(f"p{number}", rating=4.5, brand=f"Brand {number % 7}")

    # Categories, brands, count, products; the recommender's slot has queries of its own.
    own = [table for table in _tables_read(browser, address) if "storefront" in table]
    assert sorted(own) == ["attention_storefront_category"] + 3 * ["attention_storefront_product"]


def _tables_read(browser: Client, address: str) -> list[str]:
    """The table each query of a page reads first; savepoints are the test's own."""
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    texts = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    return [text.split(" FROM ", 1)[1].split()[0].strip('"') for text in texts]

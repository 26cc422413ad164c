"""The mirror takes over what can be stored, says why not otherwise, and retires the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.sites.models import Site

from recommender.catalog.models import Category, Merchant, Product
from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.catalog.selectors import (
    category_references,
    product_ids,
    product_references,
    products_by_keys,
    sensitive_product_ids,
)
from recommender.catalog.services import mirror_categories, mirror_products, retire_products

pytestmark = pytest.mark.django_db

FULL = ProductRecord(
    key="tea-1",
    title="Green tea",
    kind="article",
    text="Leaves.",
    category=CategoryRecord(key="tea", name="Tea", parent_key="pantry"),
    brand="Leaf",
    price_micros=4_990_000,
    currency="EUR",
    tags=("green", "loose"),
    rating=4.5,
    picture_url="/tea.svg",
    merchant_key="m-1",
    created_at=datetime(2025, 1, 2, tzinfo=UTC),
)


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_current()


def plain(key: str, **columns: Any) -> ProductRecord:
    return ProductRecord(key=key, title=f"Product {key}", **columns)


def test_a_record_is_mirrored_whole(site: Site) -> None:
    report = mirror_products(site=site, records=[FULL])

    assert (report.created, report.updated, report.unchanged, report.refused) == (1, 0, 0, {})
    row = Product.objects.select_related("category__parent", "merchant").get()
    assert (row.site, row.host_key, row.title, row.kind, row.text) == (
        site,
        "tea-1",
        "Green tea",
        "article",
        "Leaves.",
    )
    assert (row.brand, row.price_micros, row.currency, row.tags) == (
        "Leaf",
        4_990_000,
        "EUR",
        ["green", "loose"],
    )
    assert (row.rating, row.picture_url, row.is_listed) == (4.5, "/tea.svg", True)
    assert row.created_at == datetime(2025, 1, 2, tzinfo=UTC)
    assert row.merchant is not None
    assert row.merchant.host_key == "m-1"
    assert row.category is not None
    assert (row.category.name, row.category.parent.host_key) == ("Tea", "pantry")


def test_mirroring_again_writes_nothing(site: Site, django_assert_max_num_queries: Any) -> None:
    mirror_products(site=site, records=[FULL])
    before = Product.objects.get()

    with django_assert_max_num_queries(10):
        report = mirror_products(site=site, records=[FULL])

    assert (report.created, report.updated, report.unchanged) == (0, 0, 1)
    assert Product.objects.get().updated_at == before.updated_at


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Black tea"},
        {"price_micros": None},
        {"category": None},
        {"category": CategoryRecord(key="cups", name="Cups")},
        {"tags": ()},
        {"rating": None},
        {"merchant_key": ""},
        {"is_listed": False},
        {"created_at": datetime(2025, 1, 3, tzinfo=UTC)},
    ],
)
def test_a_change_is_taken_over_and_the_row_stays(site: Site, change: dict[str, Any]) -> None:
    mirror_products(site=site, records=[FULL])
    before = Product.objects.get()

    report = mirror_products(site=site, records=[replace(FULL, **change)])

    assert (report.created, report.updated) == (0, 1)
    after = Product.objects.get()
    assert after.pk == before.pk
    assert after.updated_at > before.updated_at


def test_many_records_take_few_queries(site: Site, django_assert_max_num_queries: Any) -> None:
    records = [
        plain(f"p{n}", category=CategoryRecord(key=f"c{n % 7}", name=f"C {n % 7}"), brand="b")
        for n in range(1200)
    ]

    with django_assert_max_num_queries(70):
        report = mirror_products(site=site, records=records)

    assert report.created == 1200
    assert Category.objects.count() == 7


def test_the_last_record_of_a_key_holds(site: Site) -> None:
    report = mirror_products(site=site, records=[plain("a", brand="old"), plain("a", brand="new")])

    assert report.created == 1
    assert Product.objects.get().brand == "new"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"key": ""}, "key is empty"),
    ({"key": "k" * 129}, "key is longer than 128 characters"),
    ({"key": "a\x00"}, "key holds characters a database cannot store"),
    ({"key": "a\ud800"}, "key holds characters a database cannot store"),
    ({"title": "  "}, "title is empty"),
    ({"title": "t" * 513}, "title is longer than 512 characters"),
    ({"text": "\x00"}, "text holds characters a database cannot store"),
    ({"brand": "b" * 256}, "brand is longer than 255 characters"),
    ({"price_micros": -1}, "price_micros is not between 0 and 1000000000000000"),
    ({"price_micros": 1.5}, "price_micros is not a whole number"),
    ({"price_micros": True}, "price_micros is not a whole number"),
    ({"rating": 5.1}, "rating is not between 0 and 5"),
    ({"rating": float("nan")}, "rating is not between 0 and 5"),
    ({"kind": "car"}, "kind is not one of article, product, service"),
    ({"currency": "euro"}, "currency is not an ISO 4217 code"),
    ({"created_at": datetime(2025, 1, 1)}, "created_at has no time zone"),  # noqa: DTZ001
    ({"tags": ("a\x00",)}, "tags must be plain words"),
    ({"merchant_key": "m" * 129}, "merchant_key is longer than 128 characters"),
    ({"category": CategoryRecord(key="", name="x")}, "category key is empty"),
    (
        {"category": CategoryRecord(key="x", name="x", parent_key="x")},
        "category is its own parent",
    ),
    (
        {"category": CategoryRecord(key="x", name=" ")},
        "category name is empty, too long or not storable",
    ),
]


@pytest.mark.parametrize(("change", "cause"), REFUSED, ids=range(len(REFUSED)))
def test_a_bad_record_is_refused_alone(site: Site, change: dict[str, Any], cause: str) -> None:
    report = mirror_products(site=site, records=[replace(FULL, **change), plain("good")])

    assert report.refused == {cause: 1}
    assert (report.created, report.read) == (1, 2)
    assert [row.host_key for row in Product.objects.all()] == ["good"]
    assert not Merchant.objects.exists()


def test_retired_products_stay_and_are_not_live(site: Site) -> None:
    mirror_products(site=site, records=[plain("a"), plain("b")])

    assert retire_products(site=site, host_keys=["a", "unknown", "n\x00"]) == 1
    assert retire_products(site=site, host_keys=["a"]) == 0

    assert Product.objects.count() == 2
    assert [row.host_key for row in Product.objects.for_site(site).live()] == ["b"]
    mirror_products(site=site, records=[plain("a")])
    assert Product.objects.for_site(site).live().count() == 2


def test_sites_do_not_meet(site: Site) -> None:
    other = Site.objects.create(domain="other.example", name="Other")
    for each in (site, other):
        mirror_products(site=each, records=[FULL])

    retire_products(site=other, host_keys=["tea-1"])

    assert Product.objects.for_site(site).live().count() == 1
    assert Product.objects.for_site(other).live().count() == 0
    assert products_by_keys(site=site, keys=["tea-1"])["tea-1"].site_id == site.pk


def test_sensitivity_reaches_everything_below(site: Site) -> None:
    leaf = CategoryRecord(key="leaf", name="Leaf", parent_key="branch")
    branch = CategoryRecord(key="branch", name="Branch", parent_key="root")
    mirror_products(site=site, records=[plain("p", category=leaf), plain("q")])
    mirror_categories(site=site, records=[branch])
    assert not Category.objects.filter(sensitive=True).exists()

    mirror_categories(site=site, records=[CategoryRecord(key="root", name="Root", sensitive=True)])

    assert Category.objects.filter(sensitive=True).count() == 3
    assert sensitive_product_ids(site=site) == set(product_ids(site=site, keys=["p"]).values())
    assert [row.host_key for row in Product.objects.for_site(site).live()] == ["q"]
    mirror_categories(site=site, records=[CategoryRecord(key="root", name="Root")])
    assert not Category.objects.filter(sensitive=True).exists()


def test_a_new_product_of_a_sensitive_category_is_never_live(site: Site) -> None:
    health = CategoryRecord(key="health", name="Health", sensitive=True)

    mirror_products(site=site, records=[plain("p", category=health)])

    assert product_references(site=site, keys=["p"])["p"].is_sensitive
    assert category_references(site=site, keys=["health"])["health"].is_sensitive


def test_what_the_operator_flagged_survives_the_next_sync(site: Site) -> None:
    kitchen = CategoryRecord(key="kitchen", name="Kitchen")
    mirror_products(site=site, records=[plain("p", category=kitchen)])
    Category.objects.update(is_flagged_here=True)

    mirror_products(site=site, records=[plain("q", category=replace(kitchen, name="Cooking"))])

    category = Category.objects.get()
    assert (category.name, category.is_flagged_here, category.sensitive) == ("Cooking", True, True)


def test_categories_in_a_ring_are_survived(site: Site) -> None:
    ring = [
        CategoryRecord(key="a", name="A", parent_key="b"),
        CategoryRecord(key="b", name="B", parent_key="a", sensitive=True),
    ]

    assert mirror_categories(site=site, records=ring) == {}
    assert Category.objects.filter(sensitive=True).count() == 2


def test_references_of_all_products_and_of_some(site: Site, django_assert_num_queries: Any) -> None:
    mirror_products(site=site, records=[plain(f"p{n}") for n in range(3)])

    with django_assert_num_queries(1):
        some = product_references(site=site, keys=["p1", "nothing", "", "a\x00b"])
    with django_assert_num_queries(1):
        everything = product_references(site=site)

    assert set(some) == {"p1"}
    assert set(everything) == {"p0", "p1", "p2"}
    assert some["p1"] == everything["p1"]

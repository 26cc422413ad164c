from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.contrib.sites.models import Site

from attention_shop.storefront.adapter import StorefrontAdapter
from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.writer import StorefrontCatalogWriter
from recommender.catalog.adapter import CatalogWriter
from recommender.catalog.records import CategoryRecord, ProductRecord

MUG = ProductRecord(
    key="mug",
    title="Mug",
    text="Holds tea.",
    category=CategoryRecord(key="tea-ware", name="Tea", parent_key="kitchen-dining"),
    brand="Brewlow",
    price_micros=12_500_000,
    tags=("tea", "clay"),
    rating=4.2,
    picture_url="/static/x.svg",
    created_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def write(site: Site, *records: ProductRecord) -> int:
    return StorefrontCatalogWriter().write_products(site=site, records=records)


def test_the_writer_keeps_its_promise() -> None:
    assert isinstance(StorefrontCatalogWriter(), CatalogWriter)


def test_what_was_written_is_told_back_unchanged(site: Site) -> None:
    service = ProductRecord(
        key="a/b",
        title="Sharpening",
        kind="service",
        currency="EUR",
        is_listed=False,
        created_at=datetime(2026, 3, 4, tzinfo=UTC),
    )

    assert write(site, MUG, service) == 2

    assert list(StorefrontAdapter().iterate(site=site)) == [MUG, service]


def test_writing_twice_writes_nothing_the_second_time(site: Site) -> None:
    write(site, MUG)
    before = Product.objects.values().get()

    assert write(site, MUG) == 0

    assert Product.objects.values().get() == before
    assert Category.objects.count() == 2


def test_a_changed_record_changes_its_product_alone(site: Site) -> None:
    write(site, MUG, replace(MUG, key="pot"))
    Product.objects.filter(sku="mug").update(stock=7, units_sold=3)

    assert write(site, replace(MUG, price_micros=9_000_000), replace(MUG, key="pot")) == 1

    mug, pot = Product.objects.order_by("sku")
    assert (mug.price_micros, mug.stock, mug.units_sold) == (9_000_000, 7, 3)
    assert pot.price_micros == 12_500_000


def test_the_last_of_two_records_of_one_key_holds(site: Site) -> None:
    write(site, MUG, replace(MUG, title="Better mug"))

    assert Product.objects.get().title == "Better mug"


def test_a_parent_is_named_by_its_key_until_somebody_describes_it(site: Site) -> None:
    write(site, MUG)
    kitchen = Category.objects.get(key="kitchen-dining")
    assert (kitchen.name, kitchen.slug) == ("Kitchen dining", "kitchen-dining")

    StorefrontCatalogWriter().write_categories(
        site=site, records=[CategoryRecord(key="kitchen-dining", name="Kitchen & dining")]
    )

    kitchen.refresh_from_db()
    assert (kitchen.name, kitchen.slug) == ("Kitchen & dining", "kitchen-dining")
    assert Category.objects.get(key="tea-ware").parent == kitchen


def test_categories_of_one_name_have_addresses_of_their_own(site: Site) -> None:
    records = [
        replace(MUG, key=f"p{number}", category=CategoryRecord(key=key, name="Bags", parent_key=up))
        for number, (key, up) in enumerate([("b1", "men"), ("b2", "women"), ("b3", "women")])
    ]

    write(site, *records)

    slugs = Category.objects.filter(name="Bags").order_by("key").values_list("slug", flat=True)
    assert list(slugs) == ["bags", "women-bags", "women-bags-2"]


def test_a_new_source_rating_leaves_the_buyers_stars_in(site: Site) -> None:
    write(site, replace(MUG, rating=4.0))
    Product.objects.update(rating=4.09, review_count=1)  # ten times 4.0 and once 5

    write(site, replace(MUG, rating=3.0))

    mug = Product.objects.get()
    assert mug.source_rating == 3.0
    assert mug.rating == pytest.approx((3.0 * 10 + 5) / 11, abs=0.02)


@pytest.mark.parametrize("number", [2_400, pytest.param(20_902, marks=pytest.mark.deep)])
def test_many_products_are_written_once(site: Site, number: int) -> None:
    records = [replace(MUG, key=f"p{index}", title=f"Mug {index}") for index in range(number)]

    assert write(site, *records) == number

    assert Product.objects.count() == number

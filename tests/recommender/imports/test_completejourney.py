from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recommender.catalog.records import ProductRecord
from recommender.imports import completejourney
from recommender.imports.completejourney import CompleteJourney
from recommender.imports.records import ImportProblem, Refused, SourceEvent

NO_SHIFT = timedelta(0)
DATA = Path(__file__).parents[4] / "shared" / "data" / "completejourney"


def _products(source: CompleteJourney) -> dict[str, ProductRecord]:
    rows = source.products(shift=NO_SHIFT)
    return {row.key: row for row in rows if isinstance(row, ProductRecord)}


def test_only_products_sold_at_a_price_are_products(grocery_folder: Path) -> None:
    products = _products(CompleteJourney(grocery_folder, static_url="/static/"))

    assert set(products) == {"25671", "900", "902"}
    ice = products["25671"]
    assert ice.title == "Frozen ice, crushed/cubed · National · 22 lb"
    assert ice.price_micros == 2_500_000
    assert ice.brand == "National"
    assert ice.category is not None
    assert (ice.category.key, ice.category.parent_key) == ("grocery/frzn-ice", "grocery")
    assert ice.category.name == "Frozen ice"
    assert ice.picture_url == "/static/attention_storefront/pictures/grocery-frozen.svg"
    assert ice.created_at == datetime(2017, 1, 2, 10, tzinfo=UTC)
    assert ice.is_listed
    assert products["900"].title == "Soft drink, 2-liter bottle · Private · 2 l"


def test_medicines_are_sensitive(grocery_folder: Path) -> None:
    category = _products(CompleteJourney(grocery_folder))["902"].category

    assert category is not None
    assert category.sensitive


def test_sales_are_orders_household_by_household(grocery_folder: Path) -> None:
    rows = list(CompleteJourney(grocery_folder).events(shift=NO_SHIFT))
    events = [row for row in rows if isinstance(row, SourceEvent)]

    assert events[0] == SourceEvent(
        person="7",
        id="501:25671:1",
        kind="order",
        occurred_at=datetime(2017, 1, 2, 10, tzinfo=UTC),
        product_key="25671",
        value=2,
        price_micros=2_000_000,
        visit="501",
    )
    assert [event.person for event in events] == ["7", "7", "8", "8", "8"]


def test_every_bad_row_is_refused_with_its_cause_and_line(grocery_folder: Path) -> None:
    source = CompleteJourney(grocery_folder)

    rows = [row for row in source.events(shift=NO_SHIFT) if isinstance(row, Refused)]
    unsold = [row for row in source.products(shift=NO_SHIFT) if isinstance(row, Refused)]

    assert Counter(row.cause for row in rows) == {
        completejourney.NOT_POSITIVE: 2,
        completejourney.UNKNOWN_PRODUCT: 1,
        completejourney.UNREADABLE: 2,
        completejourney.NO_PERSON: 1,
    }
    assert rows[0] == Refused("transactions.csv.gz:7", completejourney.NOT_POSITIVE)
    assert unsold == [Refused("products.csv.gz:4", completejourney.UNSOLD)]
    assert source.size() == 11


def test_a_measure_counts_as_one_unit(grocery_folder: Path) -> None:
    with gzip.open(grocery_folder / "transactions.csv.gz", "at") as file:
        file.write("7,1,600,900,11250,25.00,0,0,0,1,2017-01-05 10:00:00\n")

    events = list(CompleteJourney(grocery_folder).events(shift=NO_SHIFT))
    fuel = next(row for row in events if isinstance(row, SourceEvent) and row.visit == "600")

    assert (fuel.value, fuel.price_micros) == (1, 25_000_000)


def test_two_rows_of_one_product_in_a_basket_are_two_events(grocery_folder: Path) -> None:
    with gzip.open(grocery_folder / "transactions.csv.gz", "at") as file:
        file.write("7,1,501,900,1,1.29,0,0,0,1,2017-01-02 10:00:00\n")

    rows = CompleteJourney(grocery_folder).events(shift=NO_SHIFT)
    ids = [row.id for row in rows if isinstance(row, SourceEvent)]

    assert len(ids) == len(set(ids)) == 6


def test_the_shift_moves_events_and_products(grocery_folder: Path) -> None:
    source = CompleteJourney(grocery_folder)
    shift = timedelta(days=100)

    assert source.newest() == datetime(2017, 1, 4, 12, 30, tzinfo=UTC)
    moved = [row for row in source.events(shift=shift) if isinstance(row, SourceEvent)]
    assert max(row.occurred_at for row in moved) == datetime(2017, 4, 14, 12, 30, tzinfo=UTC)


def test_the_fingerprint_is_that_of_content_and_limit(grocery_folder: Path) -> None:
    whole = CompleteJourney(grocery_folder).fingerprint

    assert CompleteJourney(grocery_folder).fingerprint == whole
    assert CompleteJourney(grocery_folder, limit=2).fingerprint != whole
    with gzip.open(grocery_folder / "products.csv.gz", "at") as file:
        file.write("903,2,GROCERY,National,CHEESE,SHREDDED CHEESE,8 OZ\n")
    assert CompleteJourney(grocery_folder).fingerprint != whole


def test_a_limit_reads_the_first_rows(grocery_folder: Path) -> None:
    source = CompleteJourney(grocery_folder, limit=2)

    assert source.size() == 2
    assert set(_products(source)) == {"25671", "900"}


def test_a_source_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match="does not exist"):
        CompleteJourney(tmp_path / "nowhere")
    with pytest.raises(ImportProblem, match=r"has no products\.csv \(plain or \.gz\)"):
        CompleteJourney(tmp_path)
    (tmp_path / "products.csv").write_text("")
    with pytest.raises(ImportProblem, match=r"products\.csv is empty"):
        CompleteJourney(tmp_path)
    (tmp_path / "products.csv").write_text("a,b\n1,2\n")
    (tmp_path / "transactions.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ImportProblem, match=r"products\.csv lacks the columns brand, department"):
        CompleteJourney(tmp_path)
    (tmp_path / "products.csv").rename(tmp_path / "products.csv.gz")
    with pytest.raises(ImportProblem, match="cannot be read: Not a gzipped file"):
        CompleteJourney(tmp_path)


@pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/completejourney is not here")
def test_the_real_data_set() -> None:
    source = CompleteJourney(DATA, static_url="/static/")
    products = _products(source)
    rows = list(source.events(shift=NO_SHIFT))

    assert len(products) == 20_804
    assert source.size() == len(rows) == 75_000
    assert Counter(row.cause for row in rows if isinstance(row, Refused)) == {
        completejourney.NOT_POSITIVE: 529,
        completejourney.UNKNOWN_PRODUCT: 1,
    }
    assert len({row.person for row in rows if isinstance(row, SourceEvent)}) == 2373
    assert all(product.picture_url for product in products.values())
    assert all(product.price_micros for product in products.values())

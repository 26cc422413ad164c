from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.imports import rees46
from recommender.imports.records import ImportProblem, Refused, SourceEvent
from recommender.imports.rees46 import Rees46

NO_SHIFT = timedelta(0)
DATA = Path(__file__).parents[4] / "shared" / "data" / "rees46"
HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
ROWS = (
    "2019-10-01 00:00:00 UTC,view,39,205,appliances.environment.water_heater,aqua,33.20,7,s1",
    "2019-10-01 00:00:01 UTC,cart,39,205,appliances.environment.water_heater,aqua,33.20,7,s1",
    "2019-10-01 00:00:01 UTC,cart,39,205,appliances.environment.water_heater,aqua,33.20,7,s1",
    "2019-10-01 00:00:02 UTC,purchase,39,205,appliances.environment.water_heater,aqua,30.00,7,s1",
    "2019-10-01 00:00:03 UTC,remove_from_cart,44,210,,,0.00,8,s2",
    "2019-10-01 00:00:03 UTC,wish,44,210,,,1.00,8,s2",
    "2019-10-01 00:00:03 UTC,view,44,210,,,1.00,,s2",
    "yesterday,view,44,210,,,1.00,8,s2",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with gzip.open(tmp_path / "events.csv.gz", "wt") as file:
        file.write("\n".join((HEADER, *ROWS)) + "\n")
    return tmp_path


def test_a_funnel_is_told_as_events(folder: Path) -> None:
    source = Rees46(folder)

    told = [row for row in source.events(shift=timedelta(days=1)) if isinstance(row, SourceEvent)]

    assert [event.kind for event in told] == ["view", "cart_add", "order", "cart_remove"]
    assert told[2] == SourceEvent(
        person="7",
        id="s1:39:order:20191001000002",
        kind="order",
        occurred_at=datetime(2019, 10, 2, 0, 0, 2, tzinfo=UTC),
        product_key="39",
        value=1,
        price_micros=30_000_000,
        visit="s1",
    )
    assert (told[0].value, told[3].price_micros) == (None, None)
    assert source.newest() == datetime(2019, 10, 1, 0, 0, 3, tzinfo=UTC)
    assert source.has_clock


def test_a_product_is_what_its_last_row_says(folder: Path) -> None:
    heater, nameless = list(Rees46(folder).products(shift=NO_SHIFT))

    assert heater == ProductRecord(
        key="39",
        title="Water heater · aqua · 39",
        category=CategoryRecord(
            key="appliances.environment.water_heater",
            name="Water heater",
            parent_key="appliances.environment",
        ),
        brand="aqua",
        price_micros=30_000_000,
        tags=("category-205",),
        created_at=datetime(2019, 10, 1, tzinfo=UTC),
    )
    assert isinstance(nameless, ProductRecord)
    assert (nameless.title, nameless.category, nameless.price_micros) == ("Item · 44", None, None)


def test_bad_rows_are_refused_with_cause_and_line(folder: Path) -> None:
    source = Rees46(folder)

    refused = [row for row in source.events(shift=NO_SHIFT) if isinstance(row, Refused)]

    assert refused == [
        Refused("events.csv.gz:4", rees46.TWICE),
        Refused("events.csv.gz:7", rees46.UNKNOWN_TYPE),
        Refused("events.csv.gz:8", rees46.NO_PERSON),
        Refused("events.csv.gz:9", rees46.UNREADABLE),
    ]
    assert source.size() == 8


def test_a_limit_reads_the_first_rows(folder: Path) -> None:
    source = Rees46(folder, limit=2)

    assert source.size() == len(list(source.events(shift=NO_SHIFT))) == 2
    assert source.fingerprint != Rees46(folder).fingerprint


def test_another_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("a,b\n1,2\n")

    with pytest.raises(ImportProblem, match=r"events\.csv lacks the columns brand, category_code"):
        Rees46(tmp_path)


@pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/rees46 is not here")
def test_the_real_data_set() -> None:
    source = Rees46(DATA)
    rows = list(source.events(shift=NO_SHIFT))
    kinds = Counter(row.kind for row in rows if isinstance(row, SourceEvent))

    assert source.size() == len(rows) == 17_434
    assert kinds == {"view": 17_051, "order": 214, "cart_add": 164}
    assert {row.cause for row in rows if isinstance(row, Refused)} == {rees46.TWICE}
    assert len(list(source.products(shift=NO_SHIFT))) == 6493

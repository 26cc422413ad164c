"""Formats are told by their files; every line that breaks one is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.model.dataset import DataSet, Event, GivenTest, Question
from benchmarks.model.formats import open_data
from benchmarks.model.protocols import LEAVE_ONE_OUT, SESSIONS, VALIDATION_USERS
from benchmarks.model.published import BEAUTY, DIGINETICA, MOVIELENS
from recommender.attention.content.attributes import ProductRow
from recommender.imports.records import ImportProblem
from recommender.training.arrays import read_manifest
from recommender.training.attributes import read_attributes
from tests.benchmarks.model.conftest import Written

SHARED = Path(__file__).parents[4] / "shared" / "data"


def _items(data: DataSet) -> list[list[str]]:
    return [[event.item for event in events] for events in data.shoppers]


def test_sessions_bring_their_own_test(written: Written) -> None:
    data = open_data(
        written(train_sessions__txt="a b\n\nc\n", test__txt__gz="a b\tc\n\tb\na\tnew\n")
    )

    assert (data.form, data.protocol) == ("sessions", SESSIONS)
    assert _items(data) == [["a", "b"], ["c"]]
    assert data.tests == [Question(("a", "b"), "c"), Question((), "b"), Question(("a",), "new")]

    given = GivenTest.of(data.tests, data.catalog())

    assert given.unknown == 1
    assert given.cases.targets.tolist() == [2, 1]
    assert given.cases.histories.items.tolist() == [0, 1]
    assert given.cases.histories.lengths.tolist() == [2, 0]


def test_validation_shoppers_are_paired_by_line(written: Written) -> None:
    data = open_data(
        written(
            train_input__txt="1 2 3\n2 3\n",
            val_input__txt="1 2\n\n3\n",
            val_output__txt="3\n1\n2\n",
        )
    )

    assert data.protocol == VALIDATION_USERS
    assert data.tests == [Question(("1", "2"), "3"), Question((), "1"), Question(("3",), "2")]
    assert data.catalog().products.tolist() == [1, 2, 3]


def test_described_products_without_events_are_in_the_catalog(
    written: Written, tmp_path: Path
) -> None:
    data = open_data(
        written(
            products__jsonl='{"id": 0, "title": "Ink"}\n{"id": 7, "title": "Pen"}\n',
            histories__jsonl__gz='{"user": "A", "items": [0, 3]}\n{"user": 5, "items": []}\n',
        )
    )
    catalog = data.catalog()
    data.write(tmp_path / "manifest", catalog)
    manifest = read_manifest(tmp_path / "manifest")
    attributes = read_attributes(tmp_path / "manifest", manifest)

    assert data.protocol == LEAVE_ONE_OUT
    assert manifest.products.tolist() == [0, 3, 7]
    assert manifest.items.tolist() == [0, 1]
    assert manifest.offsets.tolist() == [0, 2, 2]
    assert attributes is not None
    assert attributes.texts == ("Ink", "", "Pen")


def test_sequences_with_attributes(written: Written) -> None:
    folder = written(
        sequences__txt__gz="u1 10 9\nu2 9\n", attributes__json='{"9": [4, "x"], "99": [1]}'
    )
    data = open_data(folder)

    assert _items(data) == [["10", "9"], ["9"]]
    assert data.described == {"9": ProductRow(tags=("4", "x"))}
    assert data.catalog().products.tolist() == [9, 10]

    (folder / "attributes.json").write_text("{}")
    changed = open_data(folder)

    assert changed.digest == data.digest
    assert changed.attributes_digest != data.attributes_digest


def test_names_that_are_no_numbers_are_numbered(tmp_path: Path) -> None:
    events = [[Event("b"), Event("007")], [Event("a")]]
    data = DataSet(form="x", digest="", protocol=LEAVE_ONE_OUT, shoppers=events)

    catalog = data.catalog()
    data.write(tmp_path, catalog)
    manifest = read_manifest(tmp_path)

    assert catalog.names == ["007", "a", "b"]
    assert manifest.products.tolist() == [1, 2, 3]
    assert manifest.items.tolist() == [2, 0, 1]
    assert manifest.times.tolist() == [0, 1, 0]
    assert manifest.meta.timed is False
    assert manifest.meta.attributes is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("interactions__txt", "u1 b\nu2 a\nu1 a\n"),
        ("interactions__tsv", "u1\tb\t5\nu2\ta\t1\nu1\ta\t0\n"),
        ("interactions__csv__gz", "item,stars,user_id\nb,5,u1\na,4,u2\na,3,u1\n"),
    ],
)
def test_interactions_keep_the_order_of_the_file(written: Written, name: str, text: str) -> None:
    data = open_data(written(**{name: text}))

    assert _items(data) == [["b", "a"], ["a"]]
    assert not data.is_timed


def test_interactions_with_a_time_are_put_in_its_order(written: Written, tmp_path: Path) -> None:
    text = "user_id:token\titem_id:token\ttimestamp:float\nu1\tb\t20.9\nu2\ta\t5\nu1\ta\t10\n"
    data = open_data(written(interactions__tsv=text))
    data.write(tmp_path / "manifest", data.catalog())
    manifest = read_manifest(tmp_path / "manifest")

    assert _items(data) == [["a", "b"], ["a"]]
    assert manifest.times.tolist() == [10, 20, 5]
    assert manifest.meta.timed is True
    assert manifest.meta.cut == "1970-01-01T00:00:20+00:00"


def test_a_log_keeps_its_clock_and_kinds(written: Written, tmp_path: Path) -> None:
    text = (
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,"
        "user_session\n"
        "2019-10-01 00:00:01 UTC,purchase,39,205,home.lamp,aqua,33.20,7,s1\n"
        "2019-10-01 00:00:00 UTC,view,40,205,home.lamp,,1,7,s1\n"
    )
    data = open_data(written(events__csv=text))
    data.write(tmp_path / "manifest", data.catalog())
    manifest = read_manifest(tmp_path / "manifest")

    assert _items(data) == [["40", "39"]]
    assert np.diff(manifest.times).tolist() == [1]
    assert manifest.event_weights().tolist() == [1.0, 5.0]
    assert data.described is not None
    assert data.described["39"].categories == ("home", "home.lamp")
    assert data.described["39"].price_micros == 33_200_000


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no files of a known format"),
        ({"train_sessions__txt": "a b\n"}, "holds no files of a known format"),
        ({"sequences__txt": "u1\n\nu2\n"}, "holds no event"),
        ({"sequences__txt": "\n"}, "holds no event"),
        ({"sequences__txt": ""}, r"sequences\.txt is empty"),
        ({"sequences__txt": "u 1\nv 2\nu 3\n"}, r"sequences\.txt:3: the person has a line before"),
        (
            {"train_sessions__txt": "a b\n", "test__txt": "a\tb\na b\n"},
            r"test\.txt:2: line is not a prefix, a tab and one item",
        ),
        (
            {"train_input__txt": "1 2\n", "val_input__txt": "1\n2\n", "val_output__txt": "2\n"},
            r"val_input\.txt:2: val_output\.txt has no item on this line",
        ),
        (
            {"train_input__txt": "1 2\n", "val_input__txt": "1\n", "val_output__txt": "2 1\n"},
            r"val_output\.txt:1: line is not one item",
        ),
        ({"interactions__csv": "u1,a\n\nu2\n"}, r"interactions\.csv:3: line lacks a shopper"),
        (
            {"interactions__csv": "user,item,time\nu1,a,soon\n"},
            r"interactions\.csv:2: the time 'soon' cannot be read",
        ),
        (
            {"histories__jsonl": "{}\n", "products__jsonl": '{"id": 1}\n'},
            r"histories\.jsonl:1: line is not \{",
        ),
    ],
)
def test_what_cannot_be_read_is_named(
    written: Written, files: dict[str, str], message: str
) -> None:
    with pytest.raises(ImportProblem, match=message):
        open_data(written(**files))


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared/data is not here")
@pytest.mark.parametrize(
    ("folder", "digest", "form"),
    [
        ("amazon_beauty", BEAUTY, "sequences"),
        ("diginetica", DIGINETICA, "sessions"),
        ("ml1m", MOVIELENS, "validation users"),
    ],
)
def test_published_scores_stand_beside_the_real_sets(folder: str, digest: str, form: str) -> None:
    data = open_data(SHARED / folder)

    assert (data.digest, data.form) == (digest, form)

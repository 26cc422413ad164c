from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from recommender.catalog.records import ProductRecord
from recommender.imports import described, histories
from recommender.imports.clockless import (
    DAY,
    LONGEST,
    NEWEST,
    Clockless,
    made_up_times,
    open_beauty,
    open_ml1m,
    open_office_products,
    open_sessions,
)
from recommender.imports.records import ImportProblem, Refused, SourceEvent

NO_SHIFT = timedelta(0)
DATA = Path(__file__).parents[4] / "shared" / "data"


def _gz(path: Path, text: str) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(text)


def _events(source: Clockless) -> list[SourceEvent]:
    return [row for row in source.events(shift=NO_SHIFT) if isinstance(row, SourceEvent)]


def test_made_up_times_keep_the_order_and_end_at_one_moment() -> None:
    assert made_up_times(3, step=DAY) == [NEWEST - 2 * DAY, NEWEST - DAY, NEWEST]
    assert made_up_times(0, step=DAY) == []

    crowded = made_up_times(2275, step=DAY)

    assert len(set(crowded)) == 2275
    assert crowded == sorted(crowded)
    assert crowded[-1] - crowded[0] < LONGEST


def test_beauty_is_sequences_with_attributes_as_tags(tmp_path: Path) -> None:
    _gz(tmp_path / "sequences.txt.gz", "ann 4 rose-oil 4\n\nbob\ncid 9\nann 1\n")
    (tmp_path / "attributes.json").write_text('{"4": [1, "vegan"], "77": [2]}')
    source = open_beauty(tmp_path, None)

    assert [(event.person, event.product_key) for event in _events(source)] == [
        ("ann", "4"),
        ("ann", "rose-oil"),
        ("ann", "4"),
        ("cid", "9"),
    ]
    assert _events(source)[0] == SourceEvent(
        person="ann", id="ann:1", kind="review", occurred_at=NEWEST - 2 * DAY, product_key="4"
    )
    assert list(source.products(shift=NO_SHIFT)) == [
        ProductRecord(key="4", title="Item 4", tags=("attribute-1", "attribute-vegan")),
        ProductRecord(key="rose-oil", title="Item rose-oil"),
        ProductRecord(key="9", title="Item 9"),
    ]
    refused = [row for row in source.events(shift=NO_SHIFT) if isinstance(row, Refused)]
    assert refused == [Refused("sequences.txt.gz:5", histories.TWICE)]
    assert (source.size(), source.newest(), source.has_clock) == (4, NEWEST, False)


def test_office_products_are_described_and_their_lines_checked(tmp_path: Path) -> None:
    products = [
        {"id": 0, "title": "Ink &amp; paper", "description": " Black. "},
        {"id": "pen", "description": "No title."},
        {"title": "No id"},
    ]
    (tmp_path / "products.jsonl").write_text("\n".join(map(json.dumps, products)) + "\nno json\n")
    (tmp_path / "histories.jsonl").write_text(
        '{"user": "A9", "items": ["pen", 0]}\n{"user": 9}\n[]\n{"user": "B", "items": []}\nx\n'
    )
    source = open_office_products(tmp_path, None)

    assert list(source.products(shift=NO_SHIFT)) == [
        ProductRecord(key="0", title="Ink & paper", text="Black."),
        ProductRecord(key="pen", title="Item pen", text="No title."),
        Refused("products.jsonl:3", described.NOT_A_PRODUCT),
        Refused("products.jsonl:4", described.NOT_JSON),
    ]
    assert [event.product_key for event in _events(source)] == ["pen", "0"]
    assert [row for row in source.events(shift=NO_SHIFT) if isinstance(row, Refused)] == [
        Refused("histories.jsonl:2", histories.NOT_A_HISTORY),
        Refused("histories.jsonl:3", histories.NOT_A_HISTORY),
        Refused("histories.jsonl:5", histories.NOT_JSON),
    ]


def test_a_session_is_a_person_with_one_visit(tmp_path: Path) -> None:
    (tmp_path / "train_sessions.txt").write_text("3 4\n\n5\n")

    events = _events(open_sessions(tmp_path, None))

    assert [(event.person, event.visit, event.id) for event in events] == [
        ("1", "1", "1:1"),
        ("1", "1", "1:2"),
        ("3", "3", "3:1"),
    ]
    assert events[1].occurred_at - events[0].occurred_at == timedelta(minutes=1)


def test_ratings_are_told_up_to_the_limit(tmp_path: Path) -> None:
    _gz(tmp_path / "train_input.txt.gz", "1 2 3\n4 5\n")
    source = open_ml1m(tmp_path, 2)

    assert [(event.kind, event.product_key) for event in _events(source)] == [
        ("rating", "1"),
        ("rating", "2"),
    ]
    assert [
        row.key for row in source.products(shift=NO_SHIFT) if isinstance(row, ProductRecord)
    ] == [
        "1",
        "2",
    ]
    assert source.size() == 2
    assert source.fingerprint != open_ml1m(tmp_path, None).fingerprint


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("sequences.txt.gz", b"a 1 2\n", r"sequences\.txt\.gz cannot be read: Not a gzipped file"),
        ("sequences.txt", b"", r"sequences\.txt is empty"),
        ("other.txt", b"1", r"has no sequences\.txt \(plain or \.gz\)"),
    ],
)
def test_a_set_that_cannot_be_read_is_a_problem(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ImportProblem, match=message):
        open_beauty(tmp_path, None)


def test_a_file_that_breaks_off_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "sequences.txt").write_bytes(b"a 1 2\nb \xff\n")

    with pytest.raises(ImportProblem, match=r"sequences\.txt:1 cannot be read"):
        _events(open_beauty(tmp_path, None))


def test_attributes_of_another_shape_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "sequences.txt").write_text("a 1 2\n")
    (tmp_path / "attributes.json").write_text('{"1": 5}')

    with pytest.raises(ImportProblem, match=r"attributes\.json is not one JSON object of items"):
        open_beauty(tmp_path, None)


@pytest.mark.skipif(not DATA.is_dir(), reason="shared/data is not here")
@pytest.mark.parametrize(
    ("open_set", "folder", "products"),
    [
        (open_beauty, "amazon_beauty", 842),
        (open_office_products, "office_products", 3459),
        (open_ml1m, "ml1m", 667),
        (open_sessions, "diginetica", 729),
    ],
)
def test_the_first_rows_of_the_real_sets_are_read(
    open_set: Callable[[Path, int | None], Clockless], folder: str, products: int
) -> None:
    source = open_set(DATA / folder, 1000)

    rows = list(source.events(shift=NO_SHIFT))
    told = list(source.products(shift=NO_SHIFT))

    assert len(rows) == source.size() == 1000
    assert all(isinstance(row, SourceEvent) for row in rows)
    assert all(isinstance(row, ProductRecord) for row in told)
    assert len(told) == products

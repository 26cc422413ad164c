from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.events.kinds import Kind
from recommender.imports import jsonl
from recommender.imports.jsonl import Jsonl
from recommender.imports.records import KINDS, ImportProblem, Refused, SourceEvent

Write = Callable[..., Path]
NO_SHIFT = timedelta(0)
VIEW: dict[str, Any] = {
    "type": "event",
    "id": "e1",
    "person": "p1",
    "kind": "view",
    "at": "2026-03-01T10:00:00Z",
    "product": "sku-1",
}
DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "jsonl.md"


def _refused(path: Path) -> list[Refused]:
    rows = Jsonl(path).events(shift=NO_SHIFT)
    return [row for row in rows if isinstance(row, Refused)]


def test_the_list_of_kinds_is_the_closed_list() -> None:
    assert frozenset(kind.value for kind in Kind) == KINDS


def test_a_product_is_read_whole(jsonl_file: Write) -> None:
    path = jsonl_file(
        {
            "type": "product",
            "key": "sku-1",
            "title": "Mug",
            "kind": "product",
            "text": "Holds tea.",
            "category": {"key": "mugs", "name": "Mugs", "parent": "kitchen", "sensitive": True},
            "brand": "Hearthen",
            "price_micros": 9_900_000,
            "currency": "EUR",
            "tags": ["tea", "gift"],
            "rating": 4.5,
            "picture_url": "https://shop.example/mug.jpg",
            "merchant": "m1",
            "listed": False,
            "created_at": "2025-01-01T01:00:00+01:00",
        }
    )

    assert list(Jsonl(path).products(shift=NO_SHIFT)) == [
        ProductRecord(
            key="sku-1",
            title="Mug",
            text="Holds tea.",
            category=CategoryRecord(key="mugs", name="Mugs", parent_key="kitchen", sensitive=True),
            brand="Hearthen",
            price_micros=9_900_000,
            currency="EUR",
            tags=("tea", "gift"),
            rating=4.5,
            picture_url="https://shop.example/mug.jpg",
            merchant_key="m1",
            is_listed=False,
            created_at=datetime(2025, 1, 1, tzinfo=UTC),
        )
    ]


def test_a_product_needs_little_and_takes_the_currency_of_the_header(jsonl_file: Write) -> None:
    header = {
        "type": "header",
        "format": "attention-jsonl",
        "version": 1,
        "source": "old-shop",
        "currency": "CHF",
    }
    path = jsonl_file({"type": "product", "key": "a", "title": "A"}, header=header)

    assert list(Jsonl(path).products(shift=NO_SHIFT)) == [
        ProductRecord(key="a", title="A", currency="CHF")
    ]


def test_an_event_is_read_and_moved(jsonl_file: Write) -> None:
    source = Jsonl(jsonl_file({**VIEW, "at": "2026-03-01T12:00:00+02:00", "visit": "v1"}))

    assert source.name == "jsonl:old-shop"
    assert source.size() == 1
    assert source.newest() == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert list(source.events(shift=timedelta(days=1))) == [
        SourceEvent(
            person="p1",
            id="e1",
            kind="view",
            occurred_at=datetime(2026, 3, 2, 10, tzinfo=UTC),
            product_key="sku-1",
            visit="v1",
        )
    ]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("{not json", "line is not JSON"),
        ('"\\ud800', "line is not JSON"),
        ([1], "expected `object`, got `array`"),
        ({"id": "e1"}, "object missing required field `type`"),
        ({"type": "customer"}, "unknown type of line"),
        (dict.fromkeys(("type",), "header"), "object missing required field `format`"),
        (
            {"type": "header", "format": "x", "version": 1, "source": "s"},
            "a second header",
        ),
        ({**VIEW, "color": "red"}, "object contains unknown field `color`"),
        ({**VIEW, "kind": "stare"}, jsonl.UNKNOWN_KIND),
        ({**VIEW, "at": "yesterday"}, "invalid RFC3339 encoded datetime - at `$.at`"),
        ({**VIEW, "at": "2026-03-01T10:00:00"}, jsonl.WITHOUT_ZONE),
        ({**VIEW, "at": "0001-01-01T00:00:00+14:00"}, jsonl.BAD_TIME),
        ({**VIEW, "person": ""}, "expected `str` of length >= 1 - at `$.person`"),
        ({**VIEW, "value": -1}, "expected `int` >= 0 - at `$.value`"),
        ({**VIEW, "value": 1.5}, "expected `int | null`, got `float` - at `$.value`"),
        (
            {"type": "product", "key": "a", "title": "A", "kind": "car"},
            "value is not in the list - at `$.kind`",
        ),
        (
            {"type": "product", "key": "a", "title": "A", "picture_url": "javascript:alert(1)"},
            "expected `str` matching regex '^(https?://|/|$)' - at `$.picture_url`",
        ),
        (
            {"type": "product", "key": "a", "title": "A", "currency": "eur"},
            "expected `str` matching regex '^[A-Z]{3}$' - at `$.currency`",
        ),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_alone(
    jsonl_file: Write, line: Any, cause: str
) -> None:
    path = jsonl_file(VIEW, line if isinstance(line, str) else json.dumps(line), VIEW)

    assert _refused(path) == [Refused("shop.jsonl:3", cause)]
    assert Jsonl(path).size() == 3


def test_product_texts_and_times_are_checked_where_products_are_told(jsonl_file: Write) -> None:
    path = jsonl_file(
        {"type": "product", "key": "a", "title": "A\x00"},
        {"type": "product", "key": "b", "title": "B", "created_at": "2026-01-01T00:00:00"},
    )

    assert list(Jsonl(path).products(shift=NO_SHIFT)) == [
        Refused("shop.jsonl:2", jsonl.NOT_PRINTABLE),
        Refused("shop.jsonl:3", jsonl.WITHOUT_ZONE),
    ]
    assert _refused(path) == []


def test_a_line_that_is_too_long_is_refused_and_the_next_is_read(jsonl_file: Write) -> None:
    path = jsonl_file(json.dumps({**VIEW, "visit": "x" * jsonl.LONGEST_LINE}), VIEW)

    rows = list(Jsonl(path).events(shift=NO_SHIFT))

    assert rows[0] == Refused("shop.jsonl:2", jsonl.TOO_LONG)
    assert isinstance(rows[1], SourceEvent)
    assert len(rows) == 2


def test_empty_lines_are_passed_over(jsonl_file: Write) -> None:
    assert Jsonl(jsonl_file("", VIEW, "   ")).size() == 1


def test_a_folder_has_products_and_events(jsonl_file: Write, tmp_path: Path) -> None:
    jsonl_file({"type": "product", "key": "sku-1", "title": "A"}, name="products.jsonl")
    jsonl_file(VIEW, name="events.jsonl")

    source = Jsonl(tmp_path)

    assert len(list(source.products(shift=NO_SHIFT))) == 1
    assert source.size() == 1


def test_a_limit_tells_the_first_events(jsonl_file: Write) -> None:
    path = jsonl_file(VIEW, {**VIEW, "id": "e2"}, {**VIEW, "id": "e3"})

    assert Jsonl(path, limit=2).size() == 2


def test_a_file_of_nothing_like_it_is_a_problem(jsonl_file: Write, tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match="does not exist"):
        Jsonl(tmp_path / "nowhere.jsonl")
    with pytest.raises(ImportProblem, match=r"neither products\.jsonl nor events\.jsonl"):
        Jsonl(tmp_path)
    with pytest.raises(ImportProblem, match="is empty"):
        Jsonl(jsonl_file(header=None))
    with pytest.raises(ImportProblem, match="does not begin with a header"):
        Jsonl(jsonl_file(VIEW, header=None))
    with pytest.raises(ImportProblem, match="has version 2; this release reads 1"):
        Jsonl(jsonl_file(header={**_HEADER, "version": 2}))
    jsonl_file(VIEW, name="events.jsonl")
    jsonl_file(name="products.jsonl", header={**_HEADER, "source": "new-shop"})
    with pytest.raises(ImportProblem, match="name different sources"):
        Jsonl(tmp_path)


_HEADER = {"type": "header", "format": "attention-jsonl", "version": 1, "source": "old-shop"}


def test_the_examples_of_the_reference_are_read(tmp_path: Path) -> None:
    blocks = DOCUMENT.read_text("utf-8").split("```json\n")[1:]
    texts = [block.split("```", 1)[0] for block in blocks]
    assert texts
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.jsonl"
        path.write_text(text if '"header"' in text else json.dumps(_HEADER) + "\n" + text)
        source = Jsonl(path)
        rows = [*source.products(shift=NO_SHIFT), *source.events(shift=NO_SHIFT)]

        assert rows
        assert not [row for row in rows if isinstance(row, Refused)]

"""The copy a person takes along: JSON, tables, and a schema that fits them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from consent.holdings import Account
from consent.rights.export_files import as_zip, cell

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


def folder_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as folder:
        return {name: folder.read(name) for name in folder.namelist()}


@pytest.mark.django_db
def test_the_folder_has_the_same_rows_as_the_json(
    signed_in: Client, account: User, site: Site, kept: Any
) -> None:
    # Given rows with text, nested values and things a spreadsheet would run
    rows = [
        {"number": "A1", "lines": [{"product": "tea", "quantity": 2}], "note": "=HYPERLINK(1)"},
        {"number": "A2", "lines": [], "note": 'Комма, "quote"\nand 茶'},
    ]
    kept[Account(1, account.pk)] = rows

    # When both copies are taken
    exported = signed_in.get("/attention/rights/export/").json()
    response = signed_in.get("/attention/rights/export/csv/")
    files = folder_of(b"".join(response.streaming_content))  # type: ignore[attr-defined]

    # Then they agree, and the tables are safe to open
    assert response["Content-Type"] == "application/zip"
    assert response["Cache-Control"] == "private, no-store"
    assert sorted(files) == ["data.json", "host.orders.csv", "schema.json"]
    data = json.loads(files["data.json"])
    assert data["holdings"] == exported["holdings"]
    assert data["holdings"][0]["rows"] == rows
    assert data["holdings"][0]["source"] == "You gave it"
    table = list(csv.DictReader(io.StringIO(files["host.orders.csv"].decode())))
    assert table[0] == {
        "number": "A1",
        "lines": '[{"product":"tea","quantity":2}]',
        "note": "'=HYPERLINK(1)",
    }
    assert table[1]["note"] == 'Комма, "quote"\nand 茶'


@pytest.mark.django_db
def test_the_schema_says_what_every_field_means(
    signed_in: Client, account: User, site: Site, kept: Any
) -> None:
    kept[Account(1, account.pk)] = [{"number": "A1", "city": "Rome"}]

    response = signed_in.get("/attention/rights/export/csv/")
    files = folder_of(b"".join(response.streaming_content))  # type: ignore[attr-defined]

    schema = json.loads(files["schema.json"])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    (kind,) = schema["properties"]["holdings"]["items"]["allOf"]
    assert kind["if"]["properties"]["label"] == {"const": "host.orders"}
    fields = kind["then"]["properties"]["rows"]["items"]["properties"]
    assert {name: each["description"] for name, each in fields.items()} == {
        "number": "order number",
        "city": "where it went",
    }
    assert set(json.loads(files["data.json"])) <= set(schema["properties"])


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_no_formula_in_a_cell(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_cells_of_every_kind() -> None:
    moment = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    values = [None, True, False, 3, -4, 2.5, "a", moment, {"a": moment}, ["-1"]]

    assert [cell(value) for value in values] == [
        "",
        "true",
        "false",
        3,
        -4,
        2.5,
        "a",
        "2026-11-21T12:00:00+00:00",
        '{"a":"2026-11-21T12:00:00+00:00"}',
        '["-1"]',
    ]


@given(st.lists(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=8)), max_size=5))
def test_any_rows_make_a_table(rows: list[dict[str, str]]) -> None:
    holding = {"label": "x/../y z", "rows": rows, "schema": {}}

    with as_zip({"holdings": [holding]}) as folder:
        files = folder_of(folder.read())

    tables = [name for name in files if name.endswith(".csv")]
    assert tables == (["x-..-y-z.csv"] if rows else [])
    if rows:
        read = list(csv.reader(io.StringIO(files[tables[0]].decode(), newline="")))
        names = {name for row in rows for name in row}
        assert len(read[0]) == len(names) if names else read[0] == []

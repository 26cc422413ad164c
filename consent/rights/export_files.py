"""Write what is held of a person as files: JSON, or a folder of tables, each with its schema."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson

SCHEMA_ADDRESS = "https://json-schema.org/draft/2020-12/schema"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_IN_MEMORY = 4 * 1024 * 1024


def as_json(content: Mapping[str, Any], *, indent: bool = False) -> bytes:
    """Return ``content`` as JSON; times in ISO 8601, anything else as its text."""
    option = orjson.OPT_INDENT_2 if indent else 0
    return orjson.dumps(content, default=_plain, option=option)


def as_zip(content: Mapping[str, Any]) -> IO[bytes]:
    """Return an open file: ``data.json``, ``schema.json``, and a CSV file for each kind of record.

    In the CSV files nested values are JSON, and a text that a spreadsheet would run as a formula
    begins with an apostrophe; ``data.json`` has every value as it is.
    """
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the response closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", as_json(content, indent=True))
        archive.writestr("schema.json", as_json(export_schema(content), indent=True))
        for holding in content["holdings"]:
            if holding["rows"]:
                name = f"{_NAME.sub('-', holding['label'])}.csv"
                archive.writestr(name, _table(holding["rows"]))
    file.seek(0)
    return file


def export_schema(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of an export, with what each field of each kind means."""
    text = {"type": "string"}
    return {
        "$schema": SCHEMA_ADDRESS,
        "title": "Everything held of one person",
        "type": "object",
        "required": ["format", "holdings"],
        "properties": {
            "format": {"const": 1},
            "exported_at": {"type": "string", "format": "date-time"},
            "holdings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["label", "title", "purpose", "retention", "rows"],
                    "properties": {
                        **dict.fromkeys(
                            ("label", "title", "purpose", "source", "recipients", "retention"), text
                        ),
                        "schema": {"type": "object", "additionalProperties": text},
                        "rows": {"type": "array", "items": {"type": "object"}},
                    },
                    "allOf": [_of_kind(holding) for holding in content["holdings"]],
                },
            },
            "models": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        **dict.fromkeys(("label", "id", "hash"), text),
                        "deadline": {"type": ["string", "null"], "format": "date-time"},
                    },
                },
            },
            "browser": {
                "type": "object",
                "description": "What the browser that asked keeps itself.",
                "properties": {
                    "level": text,
                    "products_of_this_visit": {"type": "array", "items": text},
                    "note_of_refusal": {"type": ["string", "null"]},
                    "has_key": {"type": "boolean"},
                },
            },
        },
        "$comment": "Amounts named micros are whole millionths of a unit of money.",
    }


def _of_kind(holding: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: {"description": meaning} for name, meaning in sorted(holding["schema"].items())}
    return {
        "if": {"properties": {"label": {"const": holding["label"]}}},
        "then": {"properties": {"rows": {"items": {"properties": fields}}}},
    }


def _table(rows: list[Mapping[str, Any]]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows(_cells(row, names) for row in rows)
    return out.getvalue().encode()


def _cells(row: Mapping[str, Any], names: Iterable[str]) -> list[Any]:
    return [cell(row.get(name)) for name in names]


def cell(value: Any) -> Any:
    """Return a value as a CSV file holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else orjson.dumps(value, default=_plain).decode()
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

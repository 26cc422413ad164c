"""``docs/reference/events.md`` says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from recommender.events.batch import LARGEST_BODY, MOST_EVENTS
from recommender.events.kinds import SERVER_KINDS, Kind
from recommender.events.records import Cause, Verdict

PAGE = (Path(__file__).resolve().parents[3] / "docs/reference/events.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Cells of the table below a heading, without its head."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_kind_is_listed_as_it_is() -> None:
    listed = [
        (name.strip("`"), int(code), sender == "server", bool(value), float(weight))
        for name, code, sender, value, weight, _ in rows("Kinds")
    ]

    assert listed == [
        (
            kind.value,
            kind.code,
            kind in SERVER_KINDS,
            kind.largest_value is not None,
            kind.default_weight,
        )
        for kind in Kind
    ]


def test_largest_values_are_those_of_the_code() -> None:
    for name, _, _, value, _, _ in rows("Kinds"):
        largest = Kind(name.strip("`")).largest_value
        if largest is not None:
            assert f"{largest:,}" in value


def test_every_cause_and_verdict_is_listed() -> None:
    assert [name.strip("`") for name, _ in rows("Causes of refusal")] == list(Cause)
    assert all(f"`{verdict}`" in PAGE for verdict in Verdict if verdict is not Verdict.DEFERRED)


def test_limits_are_those_of_the_code() -> None:
    assert f"{LARGEST_BODY:,} bytes and {MOST_EVENTS} events" in PAGE.replace("\n", " ")


def test_every_error_code_of_the_door_is_listed() -> None:
    folder = Path(__file__).resolve().parents[3] / "recommender/events"
    code = (folder / "views.py").read_text() + (folder / "batch.py").read_text()
    used = set(re.findall(r'(?:BatchError|_error)\(\s*\d{3}, "(\w+)"', code))

    assert used == set(re.findall(r"^\| \d{3} \| `(\w+)`", PAGE, re.MULTILINE))

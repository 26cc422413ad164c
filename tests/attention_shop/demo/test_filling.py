"""What the demo is filled with, and that it is filled once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management.base import CommandError

from attention_shop.demo import filling
from attention_shop.demo.filling import ARTIFICIAL, Marker, fill, format_of


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(filling, "call_command", lambda *args: commands.append(args))
    return commands


def test_an_empty_demo_gets_the_artificial_shop_once(
    tmp_path: Path, called: list[tuple[str, ...]]
) -> None:
    marker = Marker(tmp_path / "demo.json")

    assert fill(marker=marker, data=None) is True
    assert fill(marker=marker, data=None) is False

    assert called == [("simulate",)]
    assert marker.read() == ARTIFICIAL


def test_a_real_data_set_is_imported_with_its_format(
    tmp_path: Path, called: list[tuple[str, ...]]
) -> None:
    data = tmp_path / "anything"
    data.mkdir()
    for name in ("transactions.csv.gz", "products.csv.gz"):
        (data / name).touch()
    marker = Marker(tmp_path / "demo.json")

    assert fill(marker=marker, data=data) is True

    assert called == [("import_dataset", "completejourney", str(data), "--shift-to-now")]


def test_another_source_is_refused_and_nothing_is_written(
    tmp_path: Path, called: list[tuple[str, ...]]
) -> None:
    marker = Marker(tmp_path / "demo.json")
    marker.write(ARTIFICIAL)
    (tmp_path / "events.jsonl").touch()

    with pytest.raises(CommandError, match="make demo-reset"):
        fill(marker=marker, data=tmp_path)

    assert called == []
    assert marker.read() == ARTIFICIAL


@pytest.mark.parametrize(
    ("file", "reason"), [(None, "does not exist"), ("a.csv", "no known format")]
)
def test_an_unknown_folder_is_told_apart(tmp_path: Path, file: str | None, reason: str) -> None:
    data = tmp_path / "data"
    if file:
        data.mkdir()
        (data / file).touch()

    with pytest.raises(CommandError, match=reason):
        format_of(data)

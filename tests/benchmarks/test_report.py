"""The shared form of benchmark reports."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

from benchmarks.report import Row, finish, table

OURS = Row("the shop", "ours", {"ndcg@10": 0.05, "cpu_s": 12.34})
OTHER = Row("theirs", "published", {"ndcg@10": 0.04})


def test_rows_are_written_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finish("Title", [OURS, OTHER], tmp_path / "new" / "rows.json")
    content = json.loads((tmp_path / "new" / "rows.json").read_text())
    assert content["rows"] == [
        {"name": "the shop", "role": "ours", "ndcg@10": 0.05, "cpu_s": 12.34},
        {"name": "theirs", "role": "published", "ndcg@10": 0.04},
    ]
    assert platform.node() not in json.dumps(content["machine"])
    assert "the shop" in capsys.readouterr().out


def test_a_table_leaves_missing_metrics_empty() -> None:
    assert table([OURS, OTHER]).splitlines()[-1].split("|")[3:5] == [" 0.0400  ", "       "]


@pytest.mark.parametrize("rows", [[OTHER], [OURS, OURS]])
def test_exactly_one_row_is_ours(tmp_path: Path, rows: list[Row]) -> None:
    with pytest.raises(ValueError, match="Exactly one"):
        finish("Title", rows, tmp_path / "rows.json")
    assert not (tmp_path / "rows.json").exists()

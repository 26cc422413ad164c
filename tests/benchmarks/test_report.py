"""The shared form of benchmark reports."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

from benchmarks.__main__ import arguments, refresh
from benchmarks.report import Row, finish, machine, table

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


def test_a_table_of_another_data_set_gets_a_section_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- model -->\nold\n<!-- /model -->\n\n## Next\n")
    monkeypatch.setattr("benchmarks.__main__.PAGE", page)
    report = {"machine": machine(), "rows": [OURS.as_json()]}

    refresh("model:music", report)
    refresh("model:music", report)

    text = page.read_text()
    assert text.startswith(
        "<!-- model -->\nold\n<!-- /model -->\n\n### music\n\n<!-- model:music -->"
    )
    assert text.count("the shop") == text.count("### music") == 1
    assert "`python -m benchmarks.model --data ../shared/data/music`" in text
    assert text.endswith("<!-- /model:music -->\n\n## Next\n")


def test_the_name_says_what_is_run() -> None:
    assert arguments("serving") == ["-m", "benchmarks.serving"]
    assert arguments("model:music") == ["-m", "benchmarks.model", "--data", "../shared/data/music"]

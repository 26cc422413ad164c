"""The whole command on small data of each protocol."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.model.__main__ import main
from benchmarks.model.ours import OURS
from tests.benchmarks.model.conftest import Written, circle

SHORT = ["--cpu-seconds", "20", "--baseline-seconds", "1"]


def _run(
    monkeypatch: pytest.MonkeyPatch, folder: Path, place: Path, *options: str
) -> list[dict[str, Any]]:
    report = place / "rows.json"
    arguments = ["--data", str(folder), "--json", str(report), "--cache", str(place / "cache")]
    monkeypatch.setattr(sys, "argv", ["model", *arguments, *SHORT, *options])
    main()
    rows: list[dict[str, Any]] = json.loads(report.read_text())["rows"]
    return rows


def test_sessions_are_judged_by_their_own_test(
    written: Written,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sessions = "\n".join(circle(start, 3) for start in range(8))
    tests = "\n".join(f"{circle(start, 2)}\tp{(start + 2) % 8}" for start in range(8))
    folder = written(train_sessions__txt=sessions, test__txt=f"{tests}\np1 p2\tp1\np1\tnew\n")

    rows = _run(monkeypatch, folder, tmp_path)
    named = {row["name"]: row for row in rows}

    assert named[OURS]["cases"] == 10
    assert named[OURS]["p@20"] == pytest.approx(0.9), "a product of the prefix may be answered"
    assert named["transitions"]["role"] == "baseline"
    assert named["the same mix, offline"]["mrr@20"] == pytest.approx(named[OURS]["mrr@20"])
    assert "1 targets are absent from training" in capfd.readouterr().out


def test_leave_one_out_over_two_seeds_is_asked_once(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"u{start},{item}\n" for start in range(8) for item in circle(start, 4).split())
    folder = written(interactions__csv=text)

    rows = _run(monkeypatch, folder, tmp_path, "--seeds", "2", "--no-baselines")

    assert {row["role"] for row in rows} == {"ours", "part"}
    assert rows[0]["cases"] == 8
    assert rows[0]["hr@10 sd"] == 0.0
    assert len(list((tmp_path / "cache").iterdir())) == 2

    monkeypatch.setattr(
        "benchmarks.model.__main__.run_job", lambda *_: pytest.fail("trained again")
    )
    assert _run(monkeypatch, folder, tmp_path, "--seeds", "2", "--no-baselines") == rows


def test_runs_are_kept_in_an_empty_folder_alone(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(
        train_input__txt="\n".join(circle(start, 5) for start in range(8)),
        val_input__txt="p1 p2\n",
        val_output__txt="p3\n",
    )
    options = ("--no-baselines", "--keep", str(tmp_path / "kept"))

    rows = _run(monkeypatch, folder, tmp_path, *options)

    assert rows[0]["cases"] == 1
    assert (tmp_path / "kept" / "run-0" / "published" / "meta.json").exists()
    with pytest.raises(SystemExit, match="must be empty"):
        _run(monkeypatch, folder, tmp_path, *options)


def test_a_folder_that_cannot_be_read_ends_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="is not a folder"):
        _run(monkeypatch, tmp_path / "nowhere", tmp_path)

    assert not (tmp_path / "cache").exists()

"""An import that is really killed, in a process and a database of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SIZES = ("--products", "200", "--shoppers", "500", "--days", "60")


def _command(var: Path, *args: str) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env={**kept, "ATTENTION_VAR": str(var), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _number(database: Path, query: str) -> int:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)
    try:
        row = connection.execute(query).fetchone()
    finally:
        connection.close()
    return int(row[0]) if row and row[0] is not None else 0


def _said(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out
    return out


@pytest.mark.deep
def test_a_killed_process_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    _said(_command(tmp_path, "migrate"))
    database = tmp_path / "shop.sqlite3"
    process = _command(tmp_path, "simulate", *SIZES)
    deadline = time.monotonic() + 240
    position = 0
    while position == 0 and time.monotonic() < deadline:
        assert process.poll() is None, "the import ended before it could be killed"
        time.sleep(0.05)
        position = _number(database, "SELECT max(position) FROM attention_recommender_importrun")
    process.kill()
    process.communicate()
    stored = _number(database, "SELECT count(*) FROM attention_recommender_event")
    assert 0 < position <= stored

    _said(_command(tmp_path, "simulate", *SIZES))
    events = _number(database, "SELECT count(*) FROM attention_recommender_event")
    again = _said(_command(tmp_path, "simulate", *SIZES))

    assert events > stored
    assert f"0 new · {events:,} known" in again
    assert _number(database, "SELECT count(*) FROM attention_consent_shopper") == 500
    assert _number(database, "SELECT count(*) FROM attention_consent_decision") == 500

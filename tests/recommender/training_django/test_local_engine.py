"""A training process outlives who started it, is started once, and can be ended."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from recommender.training.engine import local
from recommender.training.engine.job_order import JobOrder
from recommender.training.engine.local import LocalEngine

PROBE = "import os, time; print(sorted(os.environ), flush=True); time.sleep(60)"


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobOrder:
    monkeypatch.setattr(local, "_command", lambda order: [sys.executable, "-c", PROBE])
    return JobOrder(
        manifest_dir=tmp_path / "manifest",
        run_dir=tmp_path / "run",
        preset="small",
        seed=0,
        cpu_seconds=1,
    )


def _pid(order: JobOrder) -> int:
    return int((order.run_dir / "job.pid").read_text())


def _ends(engine: LocalEngine, run_dir: Path) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not engine.is_running(run_dir):
            return True
        time.sleep(0.05)
    return False


def test_a_second_start_meets_the_running_job(order: JobOrder) -> None:
    engine = LocalEngine()
    try:
        assert engine.start(order) is True
        first = _pid(order)

        assert engine.start(order) is False
        assert _pid(order) == first
        assert engine.is_running(order.run_dir) is True
    finally:
        engine.stop(order.run_dir)
    assert _ends(engine, order.run_dir)


def test_a_killed_job_is_seen_as_dead_and_can_start_again(order: JobOrder) -> None:
    engine = LocalEngine()
    engine.start(order)

    os.kill(_pid(order), signal.SIGKILL)

    assert _ends(engine, order.run_dir)
    assert engine.start(order) is True
    engine.stop(order.run_dir)
    assert _ends(engine, order.run_dir)


def test_the_job_sees_neither_keys_nor_database(
    order: JobOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTENTION_KEYS", "secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("SECRET_KEY", "secret")
    engine = LocalEngine()
    engine.start(order)
    log = order.run_dir / "job.log"
    deadline = time.monotonic() + 10
    while not log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    engine.stop(order.run_dir)

    assert "OMP_NUM_THREADS" in log.read_text()
    assert not {"ATTENTION_KEYS", "DATABASE_URL", "SECRET_KEY"} & set(eval(log.read_text()))


def test_the_job_understands_what_it_is_told(tmp_path: Path) -> None:
    order = JobOrder(
        manifest_dir=tmp_path / "absent",
        run_dir=tmp_path / "run",
        preset="small",
        seed=0,
        cpu_seconds=1,
        sentence_encoder=tmp_path,
    )
    engine = LocalEngine()

    engine.start(order)

    deadline = time.monotonic() + 60
    while engine.is_running(order.run_dir) and time.monotonic() < deadline:
        time.sleep(0.1)
    missing = tmp_path / "absent" / "manifest.json"
    assert (order.run_dir / "job.log").read_text() == f"{missing} does not exist.\n"


def test_a_folder_without_a_job_is_not_running_and_can_be_stopped(tmp_path: Path) -> None:
    engine = LocalEngine()

    engine.stop(tmp_path)

    assert engine.is_running(tmp_path) is False
    assert list(tmp_path.iterdir()) == []

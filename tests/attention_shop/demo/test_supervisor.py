"""The demo's processes are kept running and end together."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from attention_shop.demo.supervisor import Supervisor

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


def _until(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_process_is_started_again_and_said_so(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(log_dir=tmp_path, environment=os.environ, report=said.append)
    supervisor.add("worker", SLEEPER)
    first = supervisor.pids()["worker"]

    os.kill(first, signal.SIGKILL)

    def restarted() -> bool:
        supervisor.tend()
        return supervisor.pids().get("worker", first) != first

    try:
        assert _until(restarted)
        assert said == ["worker ended with -9; started again in 2 s"]
    finally:
        supervisor.stop()


def test_stopping_leaves_no_process_behind(tmp_path: Path) -> None:
    supervisor = Supervisor(log_dir=tmp_path, environment=os.environ, report=lambda line: None)
    supervisor.add("web", SLEEPER)
    supervisor.add("beat", SLEEPER)
    pids = supervisor.pids()

    supervisor.stop()

    assert set(pids) == {"web", "beat"}
    assert not any(_is_alive(pid) for pid in pids.values())
    assert supervisor.pids() == {}

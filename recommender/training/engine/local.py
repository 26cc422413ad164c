"""Training in a process of its own on this machine, in a session of its own.

The process holds a lock on ``job.lock`` from birth to death, so whether it lives can be asked by
anybody, at any time, without trusting a process number. Killing the Celery worker that started it
does not touch it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

from recommender.training.engine.job_order import JobOrder

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")
PROJECT_ROOT = Path(__file__).resolve().parents[3]


_started: list[subprocess.Popen[bytes]] = []
"""Jobs this process started; polled so that an ended one is reaped."""


class LocalEngine:
    """Runs ``python -m recommender.training.job`` as a subprocess."""

    def start(self, order: JobOrder) -> bool:
        """Start the job; False when one is running in that folder already."""
        order.run_dir.mkdir(parents=True, exist_ok=True)
        lock = _take_lock(order.run_dir)
        if lock is None:
            return False
        (order.run_dir / "job.pid").unlink(missing_ok=True)  # never another process's number
        try:
            with (order.run_dir / "job.log").open("ab") as log:
                process = subprocess.Popen(  # noqa: S603  arguments are ours
                    _command(order),
                    env=_environment(),
                    cwd=order.run_dir,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(lock,),
                )
            _started.append(process)
            (order.run_dir / "job.pid").write_text(str(process.pid))
        finally:
            os.close(lock)  # the child keeps the lock through its own copy
        return True

    def is_running(self, run_dir: Path) -> bool:
        """Whether somebody holds the lock of ``run_dir``."""
        _started[:] = [process for process in _started if process.poll() is None]
        if not (run_dir / "job.lock").exists():
            return False
        lock = _take_lock(run_dir)
        if lock is None:
            return True
        os.close(lock)
        return False

    def stop(self, run_dir: Path) -> None:
        """Terminate the job's whole process group while it holds its lock."""
        if not self.is_running(run_dir):
            return
        try:
            os.killpg(int((run_dir / "job.pid").read_text()), signal.SIGTERM)
        except (OSError, ValueError):
            return


def _take_lock(run_dir: Path) -> int | None:
    """A descriptor holding the exclusive lock, or None when another process has it."""
    descriptor = os.open(run_dir / "job.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _command(order: JobOrder) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "recommender.training.job",
        str(order.manifest_dir),
        str(order.run_dir),
        "--preset",
        order.preset,
        "--seed",
        str(order.seed),
        "--cpu-seconds",
        str(order.cpu_seconds),
    ]
    if order.sentence_encoder is not None:
        command += ["--sentence-encoder", str(order.sentence_encoder)]
    for name, value in order.recipe.items():
        command += ["--set", f"{name}={value}"]
    return command


def _environment() -> dict[str, str]:
    """Only what the job needs: no database address, no key reaches it."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    python_path = os.pathsep.join(
        part for part in (str(PROJECT_ROOT), os.environ.get("PYTHONPATH", "")) if part
    )
    return {**kept, "PYTHONPATH": python_path, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}

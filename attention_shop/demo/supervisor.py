"""Keeps a few processes running and takes them down together."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 8.0


@dataclass(slots=True)
class Child:
    """One supervised process and when it may start again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    not_before: float = 0.0


class Supervisor:
    """Starts commands in their own sessions, restarts what dies, logs each to its own file.

    Args:
        log_dir: where ``<name>.log`` is appended.
        environment: of every child.
        report: called with one line when a child is started again.
    """

    def __init__(
        self, *, log_dir: Path, environment: Mapping[str, str], report: Callable[[str], None]
    ) -> None:
        self._log_dir = log_dir
        self._environment = dict(environment)
        self._report = report
        self._children: list[Child] = []

    def add(self, name: str, command: Sequence[str]) -> None:
        """Start ``command`` and keep it running."""
        child = Child(name, command)
        self._children.append(child)
        self._start(child)

    def tend(self) -> None:
        """Start again what has died; the pause doubles with each death, up to 30 seconds."""
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                child.restarts += 1
                pause = min(2.0**child.restarts, 30.0)
                child.not_before = time.monotonic() + pause
                code = child.process.returncode
                child.process = None
                self._report(f"{child.name} ended with {code}; started again in {pause:.0f} s")
            if child.process is None and time.monotonic() >= child.not_before:
                self._start(child)

    def pids(self) -> dict[str, int]:
        """Process numbers of the children that run now, by name."""
        return {
            child.name: child.process.pid
            for child in self._children
            if child.process is not None and child.process.poll() is None
        }

    def stop(self) -> None:
        """Ask every child to end, wait, then insist."""
        alive = [child.process for child in self._children if child.process is not None]
        for process in alive:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for process in alive:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, child: Child) -> None:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        with (self._log_dir / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(  # noqa: S603  commands are ours
                child.command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

"""The endpoint as a browser meets it: granian on a free port of this machine, for some seconds."""

from __future__ import annotations

import http.client
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STARTUP_SECONDS = 60
CLIENTS = 4


class Server:
    """One granian worker; ends with the ``with`` block, whatever happens in it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.port = _free_port()
        self._environment = dict(environment)

    def __enter__(self) -> Server:
        command = [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"),
            *("--blocking-threads", "1", "--log-level", "error"),
            "attention_shop.wsgi:application",
        ]
        self._process = subprocess.Popen(
            command, env=self._environment, start_new_session=True, stdout=subprocess.DEVNULL
        )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server's own process group."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    @property
    def worker(self) -> int:
        """The process that answers: granian's child."""
        tasks = Path(f"/proc/{self._process.pid}/task")
        children = [
            child for task in tasks.iterdir() for child in (task / "children").read_text().split()
        ]
        return int(children[-1]) if children else self._process.pid

    def cpu_seconds(self) -> float:
        """Processor seconds the worker has used."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> float:
        """Memory the worker holds of its own and its share of what is shared (PSS)."""
        for line in Path(f"/proc/{self.worker}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def _wait(self) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError("granian ended before it answered.")
            try:
                if get(self.port, "/attention/slots/home/", "") == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("granian did not answer in time.")


def get(port: int, path: str, cookie: str) -> int:
    """Ask once over a connection of its own; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        return _ask(connection, path, cookie)
    finally:
        connection.close()


def load(server: Server, path: str, cookies: Sequence[str], seconds: float) -> dict[str, float]:
    """Ask for ``path`` from several connections; return rps, rps per core and times."""
    times: list[list[float]] = [[] for _ in range(CLIENTS)]
    errors: list[int] = []
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        for cookie in itertools.cycle(cookies[number::CLIENTS] or [""]):
            if time.monotonic() >= end:
                break
            began = time.perf_counter()
            status = _ask(connection, path, cookie)
            times[number].append(time.perf_counter() - began)
            if status != 200:
                errors.append(status)
        connection.close()

    cpu, wall = server.cpu_seconds(), time.monotonic()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent, wall = server.cpu_seconds() - cpu, time.monotonic() - wall
    if errors:
        raise RuntimeError(f"{len(errors)} answers were not 200, the first {errors[0]}.")
    answers = sum(map(len, times))
    return {
        "rps": answers / wall,
        "rps_per_core": answers / spent if spent else 0.0,
        "cpu_ms": 1000 * spent / answers,
        "memory_mib": server.memory_mib(),
    }


def _ask(connection: http.client.HTTPConnection, path: str, cookie: str) -> int:
    headers = {"Host": "localhost"} | ({"Cookie": f"attention_key={cookie}"} if cookie else {})
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    return response.status


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""Pytest plugin: one JSON line for each proof marked ``deep``, written as it ends.

``-p benchmarks.deep_report --deep-report FILE``. A test tells its size and what it measured with
``record_property("size", ...)`` and ``record_property("result", ...)``; the name of the test is
what it shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep-report", metavar="FILE", help="Where to write what the proofs gave.")


def pytest_configure(config: pytest.Config) -> None:
    target = config.getoption("--deep-report")
    if target:
        config.pluginmanager.register(Report(Path(target)))


class Report:
    """Writes what is collected at once, and each outcome as soon as it is known."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.seconds: dict[str, float] = {}
        self.outcomes: dict[str, dict[str, Any]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._write({"collected": [item.nodeid for item in session.items]})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        report: pytest.TestReport = yield  # type: ignore[misc, assignment]
        self.seconds[item.nodeid] = self.seconds.get(item.nodeid, 0.0) + report.duration
        if report.when == "call" or report.outcome != "passed":
            self.outcomes.setdefault(item.nodeid, _outcome(report))
            if report.outcome == "failed":
                self.outcomes[item.nodeid]["outcome"] = "failed"
        if report.when == "teardown":
            told = dict(item.user_properties)
            self._write(
                {
                    "test": item.nodeid,
                    "seconds": round(self.seconds[item.nodeid], 1),
                    "size": str(told.get("size", "")),
                    "result": str(told.get("result", "")),
                    **self.outcomes.get(item.nodeid, {"outcome": "failed"}),
                }
            )
        return report  # type: ignore[return-value]

    def _write(self, line: dict[str, Any]) -> None:
        with self.target.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _outcome(report: pytest.TestReport) -> dict[str, Any]:
    why = ""
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        why = report.longrepr[2].removeprefix("Skipped: ")
    return {"outcome": report.outcome, "why": why}

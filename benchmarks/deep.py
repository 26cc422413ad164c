"""Runs every proof marked ``deep`` at full size and writes ``benchmarks/deep.md``.

``python -m benchmarks.deep [PYTEST ARGUMENT ...]``: on SQLite, and where ``DATABASE_URL`` is set
once more on PostgreSQL and Redis. Together they take at most an hour; what did not run by then,
was skipped or failed is said so.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks.report import machine

PAGE = Path("benchmarks/deep.md")
LIMIT_SECONDS = 3_600.0
SERVICES = ("DATABASE_URL", "REDIS_URL")


def main(arguments: Sequence[str]) -> int:
    """Run the proofs and write the page; return the worst exit status."""
    until = monotonic() + LIMIT_SECONDS
    bare = {name: value for name, value in os.environ.items() if name not in SERVICES}
    runs = [("SQLite", bare)]
    if os.environ.get("DATABASE_URL"):
        redis = " and Redis" if os.environ.get("REDIS_URL") else ""
        runs.append((f"PostgreSQL{redis}", dict(os.environ)))
    status, rows = 0, []
    for place, (where, environment) in enumerate(runs):
        share = (until - monotonic()) / (len(runs) - place)
        code, lines = prove(environment, arguments, share)
        status = max(status, code)
        rows += [{"where": where, **row} for row in outcomes(lines)]
    PAGE.write_text(page(rows, is_whole=not arguments, runs=[name for name, _ in runs]))
    print(PAGE.read_text())
    return status


def prove(
    environment: dict[str, str], arguments: Sequence[str], seconds: float
) -> tuple[int, list[dict[str, Any]]]:
    """Run pytest for at most ``seconds``; return its status and the lines of its report."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.jsonl"
        command = [sys.executable, "-m", "pytest", "-m", "deep", "-p", "benchmarks.deep_report"]
        command += ["--deep-report", str(target), *arguments]
        try:
            code = subprocess.run(command, env=environment, timeout=seconds).returncode
        except subprocess.TimeoutExpired:
            code = 124
        lines = target.read_text(encoding="utf-8").splitlines() if target.exists() else []
    return code, [json.loads(line) for line in lines]


def outcomes(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each proof that was collected, those that did not end included."""
    known = {line["test"]: line for line in lines if "test" in line}
    collected = next((line["collected"] for line in lines if "collected" in line), [])
    missing = {"outcome": "did not end in time", "seconds": 0.0, "size": "", "result": ""}
    return [known.get(test, {"test": test, **missing}) for test in sorted(collected)]


def page(rows: list[dict[str, Any]], *, is_whole: bool, runs: list[str]) -> str:
    """Return the Markdown: what ran where, and one line for each proof."""
    facts = machine()
    passed = sum(row["outcome"] == "passed" for row in rows)
    return "\n".join(
        [
            "# Proofs at full size",
            "",
            f"`make test-deep`{'' if is_whole else ' (a part)'} at {_commit()}, "
            f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {facts['cores']} cores, "
            f"{facts['memory_gib']:.0f} GiB, {facts['processor']}, {facts['system']}, "
            f"Python {facts['python']}.",
            "",
            f"{passed} of {len(rows)} passed, on {', then '.join(runs)}."
            + ("" if len(runs) > 1 else " PostgreSQL and Redis were not there."),
            "",
            "| proof | shows | size | where | result | seconds |",
            "| --- | --- | --- | --- | --- | --- |",
            *(_line(row) for row in rows),
            "",
        ]
    )


def _line(row: dict[str, Any]) -> str:
    path, _, name = row["test"].partition("::")
    name, _, case = name.partition("[")
    shows = name.removeprefix("test_").removesuffix("_at_full_size").replace("_", " ")
    size = row["size"] or case.removesuffix("]")
    result = "; ".join(filter(None, [row["outcome"], row.get("why", ""), row["result"]]))
    cells = [f"`{path}`", shows, size, row["where"], result, f"{row['seconds']:.1f}"]
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True).stdout.strip()

    changed = " with uncommitted changes" if git("status", "--porcelain") else ""
    return f"commit {git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

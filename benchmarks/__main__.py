"""Runs every benchmark in turn and refreshes the tables of ``docs/reference/benchmarks.md``.

``python -m benchmarks [--quick] [NAME ...]``; a name may say which data set it is run on,
``model:diginetica``: a folder beside that of the others.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("model", "consent", "serving")
PAGE = Path("docs/reference/benchmarks.md")
DATA = Path("../shared/data")


def main() -> int:
    """Run the benchmarks; return the worst exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="Small; the page is left alone.")
    options = parser.parse_args()
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names:
            report = Path(folder) / f"{name}.json"
            command = [sys.executable, *arguments(name), "--json", str(report)]
            code = subprocess.run([*command, *(["--quick"] if options.quick else [])]).returncode
            status = max(status, code)
            if code == 0 and not options.quick:
                refresh(name, json.loads(report.read_text()))
    return status


def arguments(name: str) -> list[str]:
    """The arguments of Python that run a benchmark."""
    module, _, data = name.partition(":")
    return ["-m", f"benchmarks.{module}", *(["--data", str(DATA / data)] if data else [])]


def refresh(name: str, report: dict[str, object]) -> None:
    """Replace the section of ``name`` in the page, between its two marker lines.

    The section of another data set is made behind that of its benchmark.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = PAGE.read_text()
    module, _, data = name.partition(":")
    if start not in text and data:
        above = f"<!-- /{module} -->"
        text = text.replace(above, f"{above}\n\n### {data}\n\n{start}\n{end}", 1)
    head, rest = text.split(start, 1)
    _, tail = rest.split(end, 1)
    PAGE.write_text(f"{head}{start}\n{section(name, report)}\n{end}{tail}")


def section(name: str, report: dict[str, object]) -> str:
    """The Markdown of one report: command, date, machine and a table of all rows."""
    rows = report["rows"]
    assert isinstance(rows, list)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    command = " ".join(arguments(name))
    lines = [
        f"`python {command}`, {dt.datetime.now(dt.UTC):%Y-%m-%d}, {_machine(report)}",
        "",
        "| " + " | ".join(columns) + " |",
        "|" + " --- |" * len(columns),
    ]
    for row in rows:
        lines.append("| " + " | ".join(_cell(row.get(column)) for column in columns) + " |")
    return "\n".join(lines)


def _machine(report: dict[str, object]) -> str:
    facts = report["machine"]
    assert isinstance(facts, dict)
    return (
        f"{facts['cores']} cores, {facts['memory_gib']:.0f} GiB, {facts['processor']}, "
        f"{facts['system']}, Python {facts['python']}"
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())

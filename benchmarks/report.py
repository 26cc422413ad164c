"""The shared form of all benchmarks: a table on the terminal, rows as JSON.

JSON: ``{"machine": ..., "rows": [{"name": ..., "role": "ours|part|baseline|bar|published",
"<metric>": ...}]}``. Metrics are lower case: ``ndcg@10``, ``hr@10``, ``p@20``, ``mrr@20``,
``cpu_s``, ``p50_ms``, ``rps``. Exactly one row is ``ours``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Role = Literal["ours", "part", "baseline", "bar", "published"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a benchmark: a name, its role and its metrics."""

    name: str
    role: Role
    metrics: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain JSON content."""
        return {"name": self.name, "role": self.role, **self.metrics}


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that every benchmark has: ``--quick`` and ``--json``."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--quick", action="store_true", help="a small form, for a first look")
    options.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
    return options


def machine() -> dict[str, Any]:
    """Return what a reader needs to compare figures; no host name, no user."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        "memory_gib": _memory_gib(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def finish(title: str, rows: Sequence[Row], target: Path | None) -> None:
    """Print the table and write the JSON file, if one is asked for.

    Raises:
        ValueError: not exactly one row is ``ours``.
    """
    if sum(row.role == "ours" for row in rows) != 1:
        raise ValueError("Exactly one row of a benchmark must be ours.")
    print(f"\n{title}\n{table(rows)}")
    if target is not None:
        content = {"machine": machine(), "rows": [row.as_json() for row in rows]}
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table; a metric a row lacks is left empty."""
    names = list(dict.fromkeys(name for row in rows for name in row.metrics))
    lines = [["name", "role", *names]]
    lines += [
        [row.name, row.role, *(_number(name, row.metrics.get(name)) for name in names)]
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    printed = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([printed[0], rule, *printed[1:]])


def _number(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if "@" in name:
        return f"{value:.4f}"
    return f"{value:.3f}" if name.endswith("_ms") else f"{value:.1f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"


def _memory_gib() -> float:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return 0.0
    return round(total / 2**30, 1)

"""Several seeds as one table: means, and how far the seeds lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev

from benchmarks.report import Row

SPREAD = " sd"


def over_seeds(tables: Sequence[Sequence[Row]]) -> list[Row]:
    """Return one row for each name: the mean of each metric over the tables that have it.

    With two seeds or more a quality metric (one with an ``@``) is followed by its standard
    deviation (of a sample), named ``ndcg@10 sd``.
    """
    named: dict[str, list[Row]] = {}
    for rows in tables:
        for row in rows:
            named.setdefault(row.name, []).append(row)
    return [Row(name, rows[0].role, _metrics(rows)) for name, rows in named.items()]


def _metrics(rows: Sequence[Row]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in dict.fromkeys(name for row in rows for name in row.metrics):
        values = [row.metrics[name] for row in rows if name in row.metrics]
        found[name] = fmean(values) if len(set(values)) > 1 else values[0]
        if "@" in name and len(values) > 1:
            found[name + SPREAD] = stdev(values)
    return found

"""The baselines' rows: every registered one, fitted and judged on the same questions."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.model.dataset import GivenTest
from benchmarks.model.protocols import Protocol
from benchmarks.report import Row
from recommender.baselines.sequences import Sequences
from recommender.comparison.registry import Baseline
from recommender.training.arrays import read_manifest
from recommender.training.mixing import evaluate_mix
from recommender.training.protocol import (
    REPEAT_RATE_LIMIT,
    Cases,
    leave_one_out,
    prepare,
    repeat_rate,
)

MOST_CELLS, LEAST_CASES = 1_000_000_000, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What baselines learn from and are asked.

    Attributes:
        train: events.
        cases: of the test, an even sample where the catalog is large.
        unknown: further cases whose target nobody can know.
        seen_filter, fresh_window: see `recommender.serving.format.Meta`.
    """

    train: Sequences
    cases: Cases
    unknown: int
    seen_filter: bool
    fresh_window: float


def questions(manifest: Path, protocol: Protocol, given: GivenTest, seed: int) -> Questions:
    """Return the questions of a protocol: those of the data, or the last event of each shopper.

    With a given test all events are learned from; otherwise those before the last two.
    """
    prepared = prepare(read_manifest(manifest))
    if protocol.is_given:
        train, cases, unknown = prepared.events, given.cases, given.unknown
    else:
        split = leave_one_out(prepared)
        train, cases, unknown = split.train, split.test, 0
    sample = cases.sample(max(LEAST_CASES, MOST_CELLS // max(train.n, 1)), seed)
    withholds = repeat_rate(prepared.events) < REPEAT_RATE_LIMIT
    return Questions(
        train=train,
        cases=sample,
        unknown=round(unknown * len(sample) / len(cases)) if len(cases) else unknown,
        seen_filter=withholds and not protocol.never_withholds,
        fresh_window=prepared.window,
    )


def baseline_row(
    baseline: Baseline, asked: Questions, protocol: Protocol, *, seed: int, cpu_seconds: float
) -> Row:
    """Fit one baseline and score it."""
    start = time.process_time()
    component = baseline.fit(asked.train, seed=seed, cpu_seconds=cpu_seconds)
    ranks = evaluate_mix(
        [component],
        [1.0],
        asked.cases,
        seen_filter=asked.seen_filter,
        fresh_window=asked.fresh_window,
    )
    metrics = protocol.score(ranks[component.name], asked.unknown)
    spent = time.process_time() - start
    counts = {"cases": len(asked.cases) + asked.unknown, "cpu_s": spent}
    return Row(baseline.name, "baseline", {**metrics, **counts})

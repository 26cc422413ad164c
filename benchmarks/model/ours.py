"""Our rows: the training job in a process of its own, its folder judged as it is served."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.model.baselines import LEAST_CASES, MOST_CELLS
from benchmarks.model.dataset import GivenTest
from benchmarks.model.offline import offline_ranks
from benchmarks.model.protocols import Protocol
from benchmarks.report import Row
from recommender.serving.folder import load
from recommender.serving.format import COMPONENTS
from recommender.training.served import served_ranks

SERVED_CASES = 100_000
OURS = "Attention Shop, served scorer"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """What the training job is asked for.

    Attributes:
        cpu_seconds: of the whole job, its own evaluation included.
        held_out: see `benchmarks.model.protocols.Protocol`.
        recipe: ``name=value``, see `recommender.training.recipe`.
    """

    preset: str
    seed: int
    cpu_seconds: float
    held_out: float
    recipe: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run made.

    Attributes:
        card: of the job.
        cpu_seconds: CPU time of the job's process and its children.
    """

    card: dict[str, Any]
    cpu_seconds: float


def run_job(manifest: Path, run: Path, order: JobOrder) -> Outcome:
    """Run the job as a worker does.

    Args:
        manifest: folder that is learned from.
        run: folder that is made.
        order: what is asked for.

    Raises:
        SystemExit: the job failed; it has said why.
    """
    command = [sys.executable, "-m", "recommender.training.job"]
    command += [str(manifest), str(run), "--preset", order.preset]
    command += ["--seed", str(order.seed), "--cpu-seconds", str(order.cpu_seconds)]
    command += ["--held-out", str(order.held_out)]
    for option in order.recipe:
        command += ["--set", option]
    before = os.times()
    done = subprocess.run(command, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = os.times()
    if done.returncode != 0:
        raise SystemExit(f"The training job ended with status {done.returncode}.")
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    card = json.loads((run / "card.json").read_text(encoding="utf-8"))
    return Outcome(card=card, cpu_seconds=spent)


def own_test_rows(outcome: Outcome) -> list[Row]:
    """Return our row and those of its parts, as the job itself measured them on its test."""
    test, cases = outcome.card["metrics"]["test"], outcome.card["metrics"]["cases"]["test"]
    spent = {"cases": cases, "cpu_s": outcome.cpu_seconds}
    rows = [Row(OURS, "ours", {**test["served"], **spent})]
    rows.append(Row("the same mix, offline", "part", test["mix"]))
    names = [name for name in COMPONENTS if name in test]
    return [*rows, *(Row(f"{name} alone", "part", test[name]) for name in names)]


def given_test_rows(
    run: Path, outcome: Outcome, given: GivenTest, protocol: Protocol, seed: int
) -> list[Row]:
    """Return our row and those of its parts on a given test, ranked by the published folder.

    Our row ranks every case up to `SERVED_CASES` as a shop would. The parts are scored over the
    whole catalog, for an even sample of at most `MOST_CELLS` scores each; the served list of the
    same sample stands beside them.
    """
    published = load(run / "published")
    if protocol.never_withholds:
        published.meta = replace(published.meta, seen_filter=False, fresh_window=0.0)
    cases = given.cases.sample(SERVED_CASES, seed)
    unknown = _part_of(given.unknown, len(cases), len(given.cases))
    metrics = protocol.score(served_ranks(published, cases, k=protocol.k), unknown)
    counts = {"cases": len(cases) + unknown, "cpu_s": outcome.cpu_seconds}
    rows = [Row(OURS, "ours", {**metrics, **counts})]
    sample = cases.sample(max(LEAST_CASES, MOST_CELLS // published.meta.n), seed)
    if len(sample) < len(cases):
        unknown = _part_of(unknown, len(sample), len(cases))
        same = protocol.score(served_ranks(published, sample, k=protocol.k), unknown)
        same["cases"] = len(sample) + unknown
        rows.append(Row("served scorer, sample", "part", same))
    ranks = offline_ranks(run, published.meta, sample)
    mix = ranks.pop("mix")
    named = {"the same mix, offline": mix, **{f"{name} alone": ranks[name] for name in ranks}}
    for name, places in named.items():
        found = {**protocol.score(places, unknown), "cases": len(sample) + unknown}
        rows.append(Row(name, "part", found))
    return rows


def _part_of(unknown: int, chosen: int, all_known: int) -> int:
    """How many cases with unknown targets belong to a sample of the known ones."""
    return round(unknown * chosen / all_known) if all_known else unknown

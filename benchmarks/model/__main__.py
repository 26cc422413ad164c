"""``python -m benchmarks.model --data FOLDER [--seeds 3] [--cpu-seconds N] [--json FILE]``.

`benchmarks.model.formats` tells the format of the folder by its files,
`benchmarks.model.protocols` how it is judged. ``ours`` is the served scorer on the folder that the
training job published; ``cpu_s`` is the CPU time of the job's process and its children, and of a
baseline's fitting and scoring. Every seed's answers are kept in the cache and asked once.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks.model.baselines import Questions, baseline_row, questions
from benchmarks.model.cache import BASELINE_CODE, OUR_CODE, Cache, Kept
from benchmarks.model.dataset import Catalog, DataSet, GivenTest
from benchmarks.model.formats import open_data
from benchmarks.model.ours import JobOrder, given_test_rows, own_test_rows, run_job
from benchmarks.model.published import bar_rows, published_rows
from benchmarks.model.seeds import over_seeds
from benchmarks.report import Row, finish, parser
from recommender.comparison.registry import Baseline, every_baseline
from recommender.imports.records import ImportProblem

DATA = Path("../shared/data/amazon_beauty")
CACHE = Path("var/benchmarks/model")
CPU_SECONDS, QUICK_CPU_SECONDS = 1140.0, 120.0
BASELINE_SECONDS, QUICK_BASELINE_SECONDS = 45.0, 10.0


def main() -> None:
    """Run the benchmark from the command line.

    Raises:
        SystemExit: the data cannot be read, or the training job failed.
    """
    chosen = _options().parse_args()
    if chosen.seeds < 1:
        raise SystemExit("--seeds must be at least 1.")
    if chosen.keep is not None and chosen.keep.exists() and any(chosen.keep.iterdir()):
        raise SystemExit(f"{chosen.keep} must be empty: a run in it would be taken for new.")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        data = open_data(chosen.data)
    except ImportProblem as problem:
        raise SystemExit(str(problem)) from problem
    with tempfile.TemporaryDirectory() as scratch:
        bench = _Bench(data, chosen, chosen.keep or Path(scratch))
        seeds = range(chosen.seed, chosen.seed + chosen.seeds)
        answers = [(bench.ours(seed), bench.baselines(seed)) for seed in seeds]
    ours = over_seeds([kept.rows for kept, _ in answers])
    rows = [*ours, *over_seeds([kept.rows for _, kept in answers])]
    rows += [*bar_rows(data.digest, ours[0].metrics), *published_rows(data.digest)]
    finish(_title(data, chosen), rows, chosen.json)
    for note in dict.fromkeys(note for pair in answers for kept in pair for note in kept.notes):
        print(note)


def _options() -> argparse.ArgumentParser:
    options = parser("Quality of the recall model.")
    options.add_argument("--data", type=Path, default=DATA, help="folder of a data set")
    options.add_argument("--seed", type=int, default=0, help="the first seed")
    options.add_argument("--seeds", type=int, default=1, help="how many seeds, one after the other")
    options.add_argument("--preset", default="small", help="size of the network")
    options.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="recipe",
        help="an option of the training, such as encoder=gru or loss=full; may be repeated",
    )
    options.add_argument(
        "--cpu-seconds",
        "--budget",
        type=float,
        help=f"of the training job ({CPU_SECONDS:.0f}; {QUICK_CPU_SECONDS:.0f} with --quick)",
    )
    options.add_argument(
        "--baseline-seconds",
        type=float,
        help=f"of each baseline that trains ({BASELINE_SECONDS:.0f}; "
        f"{QUICK_BASELINE_SECONDS:.0f} with --quick)",
    )
    options.add_argument("--no-baselines", action="store_true", help="leave the baselines out")
    options.add_argument("--cache", type=Path, default=CACHE, help="folder of kept answers")
    options.add_argument("--fresh", action="store_true", help="ask again what the cache knows")
    options.add_argument("--keep", type=Path, help="keep manifest and runs in this empty folder")
    return options


class _Bench:
    def __init__(self, data: DataSet, chosen: argparse.Namespace, place: Path) -> None:
        self.data, self.place, self.preset = data, place, chosen.preset
        self.recipe = tuple(sorted(chosen.recipe))
        self.has_baselines = not chosen.no_baselines
        short = chosen.quick
        self.cpu_seconds = chosen.cpu_seconds or (QUICK_CPU_SECONDS if short else CPU_SECONDS)
        self.baseline_seconds = chosen.baseline_seconds or (
            QUICK_BASELINE_SECONDS if short else BASELINE_SECONDS
        )
        self.cache = Cache(chosen.cache, reads=not (chosen.fresh or chosen.keep))
        self._given: GivenTest | None = None
        self._asked: dict[int, Questions] = {}

    def ours(self, seed: int) -> Kept:
        """Return our rows for a seed."""
        order = JobOrder(
            preset=self.preset,
            seed=seed,
            cpu_seconds=self.cpu_seconds,
            held_out=self.data.protocol.held_out,
            recipe=self.recipe,
        )
        question = {
            "what": "ours",
            "data": self._identity(),
            "preset": order.preset,
            "seed": seed,
            "cpu_seconds": order.cpu_seconds,
            "held_out": order.held_out,
            "recipe": list(order.recipe),
        }
        return self.cache.answer(question, OUR_CODE, lambda: self._train(order))

    def baselines(self, seed: int) -> Kept:
        """Return the rows of every baseline for a seed; none when they are left out."""
        rows: list[Row] = []
        notes: list[str] = []
        for baseline in every_baseline() if self.has_baselines else ():
            kept = self._baseline(baseline, seed)
            rows += kept.rows
            notes += kept.notes
        return Kept(rows, notes)

    def _identity(self) -> dict[str, object]:
        """What tells this data from any other: attributes are part of what is learned from."""
        data = self.data
        return {"form": data.form, "events": data.digest, "attributes": data.attributes_digest}

    def _train(self, order: JobOrder) -> Kept:
        given = self._prepared()
        run = self.place / f"run-{order.seed}"
        outcome = run_job(self.place / "manifest", run, order)
        protocol = self.data.protocol
        if protocol.is_given:
            rows = given_test_rows(run, outcome, given, protocol, order.seed)
        else:
            rows = own_test_rows(outcome)
        weights = ", ".join(f"{name} {w:.3f}" for name, w in outcome.card["weights"].items())
        notes = [f"Seed {order.seed}, weights: {weights}.", *outcome.card["notes"]]
        if given.unknown:
            notes.append(f"{given.unknown} targets are absent from training: each is a miss.")
        return Kept(rows, notes)

    def _baseline(self, baseline: Baseline, seed: int) -> Kept:
        question = {
            "what": f"baseline {baseline.name}",
            "data": self._identity(),
            "seed": seed,
            "cpu_seconds": self.baseline_seconds,
        }
        return self.cache.answer(question, BASELINE_CODE, lambda: self._fit(baseline, seed))

    def _fit(self, baseline: Baseline, seed: int) -> Kept:
        row = baseline_row(
            baseline,
            self._questions(seed),
            self.data.protocol,
            seed=seed,
            cpu_seconds=self.baseline_seconds,
        )
        return Kept([row])

    def _questions(self, seed: int) -> Questions:
        if seed not in self._asked:
            given, manifest = self._prepared(), self.place / "manifest"
            self._asked = {seed: questions(manifest, self.data.protocol, given, seed)}
        return self._asked[seed]

    def _prepared(self) -> GivenTest:
        """Write the manifest once, when the first question needs it."""
        if self._given is None:
            catalog: Catalog = self.data.catalog()
            self.data.write(self.place / "manifest", catalog)
            self._given = GivenTest.of(self.data.tests, catalog)
        return self._given


def _title(data: DataSet, chosen: argparse.Namespace) -> str:
    seeds = f", mean of {chosen.seeds} seeds" if chosen.seeds > 1 else ""
    return f"{data.protocol.title}, whole catalog{seeds}."


if __name__ == "__main__":
    main()

"""Model quality: the training job on a public data set, beside baselines and published scores.

``python -m benchmarks.model --data ../shared/data/amazon_beauty [--quick] [--json FILE]``

The format is told by the files that are there, never by the folder's name:

* ``sequences.txt.gz``: one shopper a line, an id and then items in time order. Protocol:
  leave-one-out, last item test, last but one validation, full catalog. Such data has no clock, so
  positions stand for times.

``ours`` is the served scorer (`recommender.serving.recall`) on the folder that the job published
from the training events; ``cpu_s`` is the CPU time of the whole job process and its children.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.report import Row, finish, parser
from recommender.baselines.component import Component
from recommender.baselines.item_knn import ItemKNN
from recommender.baselines.metrics import hit_rate, ndcg
from recommender.baselines.popularity import Popularity
from recommender.baselines.transitions import Transitions
from recommender.training.arrays import read_manifest, write_manifest
from recommender.training.mixing import evaluate_mix
from recommender.training.protocol import leave_one_out, prepare

DATA = Path("../shared/data/amazon_beauty")
CPU_SECONDS, QUICK_CPU_SECONDS = 285.0, 120.0

# Scores in print: NDCG@10 and HR@10, leave-one-out over the full catalog. Keyed by the sha256 of
# the unpacked sequences, so that they stand beside that data set alone.
_BEAUTY = (
    ("SASRec, original BCE", 0.0318, 0.0605),
    ("DuoRec", 0.0443, 0.0845),
    ("HSTU, rerun", 0.0439, 0.0788),
    ("FuXi-alpha, rerun", 0.0451, 0.0809),
    ("SASRec + sampled softmax", 0.0531, 0.0921),
    ("eSASRec", 0.0523, 0.0928),
    ("ICSRec", 0.0578, 0.0959),
    ("ELECRec", 0.0587, 0.0964),
    ("FICLRec", 0.0606, 0.1007),
    ("BSARec", 0.0611, 0.1008),
    ("KERec", 0.0623, 0.1050),
)
PUBLISHED = {"226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8": _BEAUTY}


def main() -> None:
    """Run the benchmark from the command line."""
    options = parser("Quality of the recall model.")
    options.add_argument("--data", type=Path, default=DATA, help="folder of a data set")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--preset", default="small")
    options.add_argument("--keep", type=Path, help="keep the manifest and the run here")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = chosen.keep or Path(scratch)
        digest = write_sequences(chosen.data, place / "manifest")
        seconds = QUICK_CPU_SECONDS if chosen.quick else CPU_SECONDS
        card, spent = run_job(place, seconds, chosen.seed, chosen.preset)
        rows = [*job_rows(card, spent), *baseline_rows(place / "manifest"), *published(digest)]
    weights = ", ".join(f"{name} {value:.3f}" for name, value in card["weights"].items())
    finish(f"Leave-one-out, full catalog. Weights: {weights}", rows, chosen.json)
    for note in card["notes"]:
        print(note)


def write_sequences(source: Path, target: Path) -> str:
    """Write a manifest from the data set and return the digest of its sequences.

    Raises:
        SystemExit: no file of a known format is there.
    """
    path = source / "sequences.txt.gz"
    if not path.exists():
        raise SystemExit(f"{source} holds no file of a known format (sequences.txt.gz).")
    with gzip.open(path, "rt", encoding="ascii") as stream:
        text = stream.read()
    rows = [np.array(line.split()[1:], dtype=np.int64) for line in text.splitlines()]
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    products, items = np.unique(np.concatenate(rows), return_inverse=True)
    write_manifest(
        target,
        site=1,
        cut="1970-01-01T00:00:00+00:00",
        consent_digest="public data set",
        products=products,
        offsets=offsets,
        items=items,
        times=np.arange(len(items)) - np.repeat(offsets[:-1], lengths),
        timed=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def run_job(
    place: Path, cpu_seconds: float, seed: int, preset: str
) -> tuple[dict[str, Any], float]:
    """Run the training job as a worker does; return its card and the CPU seconds it took."""
    command = [sys.executable, "-m", "recommender.training.job"]
    command += [str(place / "manifest"), str(place / "run"), "--preset", preset]
    command += ["--seed", str(seed), "--cpu-seconds", str(cpu_seconds)]
    before = os.times()
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    card = json.loads((place / "run" / "card.json").read_text(encoding="utf-8"))
    return card, spent


def job_rows(card: dict[str, Any], spent: float) -> list[Row]:
    """Return our row and those of its parts."""
    test = card["metrics"]["test"]
    rows = [Row("Attention Shop, served scorer", "ours", {**test["served"], "cpu_s": spent})]
    rows.append(Row("the same mix, offline", "part", test["mix"]))
    names = [name for name in ("attention", "transitions", "popularity", "repeats") if name in test]
    rows += [Row(f"{name} alone", "part", test[name]) for name in names]
    return rows


def baseline_rows(manifest: Path) -> list[Row]:
    """Fit and score the baselines with default settings under the same protocol."""
    prepared = prepare(read_manifest(manifest))
    split = leave_one_out(prepared)
    rows = []
    for fit in (Popularity.fit, ItemKNN.fit, Transitions.fit):
        start = time.process_time()
        component: Component = fit(split.train)
        ranks = evaluate_mix(
            [component], [1.0], split.test, seen_filter=True, fresh_window=prepared.window
        )[component.name]
        spent = time.process_time() - start
        rows.append(Row(component.name, "baseline", {**_metrics(ranks), "cpu_s": spent}))
    return rows


def published(digest: str) -> list[Row]:
    """Return the scores in print for a known data set; none for any other."""
    found = PUBLISHED.get(digest, ())
    return [Row(name, "published", {"ndcg@10": n, "hr@10": h}) for name, n, h in found]


def _metrics(ranks: npt.NDArray[np.float64]) -> dict[str, float]:
    return {"ndcg@10": ndcg(ranks, 10), "hr@10": hit_rate(ranks, 10)}


if __name__ == "__main__":
    main()

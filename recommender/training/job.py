"""One training job: a manifest folder in, a published folder out, in a process of its own.

``python -m recommender.training.job <manifest> <run> [--preset small] [--seed 0]
[--cpu-seconds 300]``

The run folder holds ``progress.json`` (rewritten as the job goes on), ``checkpoint.pt`` (to resume
after a kill), ``network/`` (the trained network and its card), ``evaluation/`` (a published folder
that has seen training events alone: every offline metric and the self-test of the scorer speak of
it), ``published/`` (what is served) and ``card.json`` (what was done, measured and spent).

What is served differs from what was evaluated in one thing: its counts hold all events, the held
out ones too. Encoder, weights and settings are the evaluated ones.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recommender.attention.network import PRESETS, RecallNetwork
from recommender.serving.folder import load
from recommender.serving.format import META_FILE, Meta
from recommender.training.arrays import Manifest, ManifestError, read_manifest, write_json
from recommender.training.budget import CpuBudget, keep_freed_memory
from recommender.training.encoding import Encoding, train_encoder
from recommender.training.measuring import (
    EvaluationPlan,
    Measured,
    Weighed,
    choose_weights,
    measure,
    measure_served,
)
from recommender.training.protocol import (
    REPEAT_RATE_LIMIT,
    Split,
    leave_one_out,
    prepare,
    repeat_rate,
)
from recommender.training.publish import write_folder
from recommender.training.statistics import Statistics, StatisticsSettings, tune

PROGRESS_FILE, CARD_FILE = "progress.json", "card.json"
CARD_FORMAT = 1
SELF_TEST_CASES = 5
TUNING_SHARE = 0.1

Callback = Callable[["Progress"], None]


class JobError(Exception):
    """The job cannot make a model from this manifest; the message says why."""


@dataclass(slots=True)
class Progress:
    """Where a job stands; the content of ``progress.json``."""

    state: str = "running"
    step: int = 0
    steps: int = 0
    message: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """What a job is asked for.

    Attributes:
        preset: size of the network, a key of `recommender.attention.network.PRESETS`.
        seed: of everything random.
        cpu_seconds: CPU time of the whole job, children included; None means as long as it needs.
        epochs: passes over the data at most; None means as the data suggests.
    """

    preset: str = "small"
    seed: int = 0
    cpu_seconds: float | None = 300.0
    epochs: int | None = None


def run_job(
    manifest_folder: Path,
    run_folder: Path,
    settings: JobSettings | None = None,
    *,
    callback: Callback | None = None,
) -> dict[str, Any]:
    """Train, evaluate and publish; return the content of ``card.json``.

    A finished run returns its card at once; an interrupted one continues from its checkpoint.

    Args:
        manifest_folder: made by `recommender.training.arrays.write_manifest`.
        run_folder: made if needed; one run only.
        settings: see `JobSettings`.
        callback: called with every change of the progress, after it is written.

    Raises:
        JobError, ManifestError: nothing can be learned; ``progress.json`` says so too.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    job = _Job(run_folder, settings or JobSettings(), callback)
    try:
        return job.run(manifest_folder)
    except Exception as error:
        job.report(state="failed", message=str(error) or type(error).__name__)
        raise


class _Job:
    def __init__(self, folder: Path, settings: JobSettings, callback: Callback | None) -> None:
        self.folder, self.settings, self.callback = folder, settings, callback
        self.progress = Progress()
        self.budget = CpuBudget(settings.cpu_seconds)

    def run(self, manifest_folder: Path) -> dict[str, Any]:
        finished = self._finished_card()
        if finished is not None:
            self.report(state="finished", message="published", metrics=finished["metrics"])
            return finished
        keep_freed_memory()
        torch.set_num_threads(1)
        self.report(message="reading")
        manifest = read_manifest(manifest_folder)
        if len(manifest.items) == 0 or len(manifest.products) == 0:
            raise JobError("The manifest holds no events: there is nothing to learn from.")
        prepared = prepare(manifest)
        if len(prepared.events.items) == 0:
            raise JobError("No event of the manifest has a kind with a weight above 0.")
        split = leave_one_out(prepared)
        rate = repeat_rate(prepared.events)
        plan = EvaluationPlan(
            seen_filter=rate < REPEAT_RATE_LIMIT,
            fresh_window=prepared.window,
            seed=self.settings.seed,
        )
        self.report(message="counting")
        choices = self._tune(manifest, split, plan)
        counted = Statistics.fit(split.train, choices)
        encoding = train_encoder(
            split,
            folder=self.folder,
            preset=self.settings.preset,
            seed=self.settings.seed,
            epochs=self.settings.epochs,
            timed=manifest.meta.timed,
            plan=plan,
            budget=self.budget,
            report=lambda step, steps, message: self.report(
                step=step, steps=steps, message=f"training: {message}"
            ),
        )
        self.report(message="weighing")
        weighed = choose_weights(split.validation, counted, encoding.network, plan)
        self.report(message="evaluating")
        measured = measure(split, counted, encoding.network, weighed, plan)
        meta = self._meta(manifest, weighed, choices, encoding.network, plan)
        self._publish("evaluation", meta, manifest, split, counted, encoding)
        measured.test["served"] = measure_served(load(self.folder / "evaluation"), split.test, plan)
        self.report(message="publishing")
        everything = Statistics.fit(split.everything, choices)
        meta = self._meta(manifest, weighed, choices, encoding.network, plan, measured)
        self._publish("published", meta, manifest, split, everything, encoding)
        content = self._card(manifest, meta, measured, encoding, choices, rate)
        content["attention"]["gain"] = weighed.gain
        card: dict[str, Any] = json.loads(json.dumps(content))
        write_json(self.folder / CARD_FILE, card)
        self.report(state="finished", message="published", metrics=card["metrics"])
        return card

    def report(self, **changes: Any) -> None:
        """Change the progress, write it, tell the callback."""
        for name, value in changes.items():
            setattr(self.progress, name, value)
        write_json(self.folder / PROGRESS_FILE, asdict(self.progress))
        if self.callback is not None:
            self.callback(self.progress)

    def _finished_card(self) -> dict[str, Any] | None:
        if not (self.folder / "published" / META_FILE).exists():
            return None
        try:
            card = json.loads((self.folder / CARD_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return card if isinstance(card, dict) else None

    def _tune(self, manifest: Manifest, split: Split, plan: EvaluationPlan) -> StatisticsSettings:
        end = self.budget.used + TUNING_SHARE * (self.budget.limit or 600.0)
        return tune(
            split.train,
            split.validation,
            timed=manifest.meta.timed,
            seen_filter=plan.seen_filter,
            fresh_window=plan.fresh_window,
            seed=plan.seed,
            has_time=lambda: self.budget.used < end,
        )

    def _meta(
        self,
        manifest: Manifest,
        weighed: Weighed,
        choices: StatisticsSettings,
        network: RecallNetwork | None,
        plan: EvaluationPlan,
        measured: Measured | None = None,
    ) -> Meta:
        config = network.config if network is not None else PRESETS[self.settings.preset]
        about = manifest.meta
        return Meta(
            n=len(manifest.products),
            d=0 if network is None else config.d,
            inputs=() if network is None else config.inputs,
            history=config.history,
            repeat_history=200,
            transition_history=choices.transitions.history,
            transition_decay=choices.transitions.decay,
            repeat_decay=choices.repeat_decay,
            temperature=weighed.temperature,
            weights=weighed.weights,
            seen_filter=plan.seen_filter,
            fresh_window=plan.fresh_window,
            timed=about.timed,
            kind_weights=about.kind_weights,
            metrics={} if measured is None else measured.as_json(),
            trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
            manifest={
                "site": about.site,
                "cut": about.cut,
                "events": about.events,
                "shoppers": about.shoppers,
                "products": about.products,
                "consent_digest": about.consent_digest,
                "events_digest": about.events_digest,
            },
        )

    def _publish(
        self,
        name: str,
        meta: Meta,
        manifest: Manifest,
        split: Split,
        statistics: Statistics,
        encoding: Encoding,
    ) -> None:
        network = encoding.network
        write_folder(
            self.folder / name,
            meta=meta,
            products=manifest.products,
            popularity=statistics.popularity.shares,
            transitions=statistics.transitions.matrix,
            vectors=None if network is None else network.table.weight.detach().numpy(),
            encoder=encoding.graph,
            histories=_histories(split),
        )

    def _card(
        self,
        manifest: Manifest,
        meta: Meta,
        measured: Measured,
        encoding: Encoding,
        choices: StatisticsSettings,
        rate: float,
    ) -> dict[str, Any]:
        return {
            "format": CARD_FORMAT,
            "settings": asdict(self.settings),
            "weights": meta.weights._asdict(),
            "temperature": meta.temperature,
            "attention": encoding.as_json(),
            "statistics": asdict(choices),
            "repeat_rate": rate,
            "seen_filter": meta.seen_filter,
            "metrics": measured.as_json(),
            "notes": [*encoding.notes, *measured.notes],
            "manifest": meta.manifest,
            "trained_at": meta.trained_at,
            "cpu_seconds": round(self.budget.used, 1),
        }


def _histories(split: Split) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Return items and ages of a few test histories, the shortest lists included."""
    cases = split.test.sample(SELF_TEST_CASES, seed=0)
    found = [(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))]
    for row in range(len(cases)):
        span = slice(cases.raw.offsets[row], cases.raw.offsets[row + 1])
        ages = (cases.moments[row] - cases.raw.times[span]).astype(np.float32)
        found.append((cases.raw.items[span][-50:], ages[-50:]))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run a job from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Train and publish a model from a manifest.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--preset", default="small", choices=sorted(PRESETS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu-seconds", type=float, default=300.0)
    parser.add_argument("--epochs", type=int, default=None)
    options = parser.parse_args(arguments)
    settings = JobSettings(
        preset=options.preset,
        seed=options.seed,
        cpu_seconds=options.cpu_seconds,
        epochs=options.epochs,
    )
    try:
        run_job(options.manifest, options.run, settings)
    except (JobError, ManifestError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())

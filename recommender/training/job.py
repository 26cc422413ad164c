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
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recommender.attention.config import PRESETS
from recommender.attention.evaluation import catalog_vectors
from recommender.attention.network import RecallNetwork
from recommender.serving.folder import load
from recommender.serving.format import META_FILE, Meta
from recommender.training.arrays import Manifest, ManifestError, read_manifest, write_json
from recommender.training.attributes import read_attributes
from recommender.training.budget import CpuBudget, keep_freed_memory
from recommender.training.content import PreparedContent, prepare_content
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
from recommender.training.publish import RawHistory, write_folder
from recommender.training.recipe import Recipe, RecipeError, parse_options
from recommender.training.statistics import Statistics, StatisticsSettings, tune

PROGRESS_FILE, CARD_FILE = "progress.json", "card.json"
SENTENCES_FOLDER = "sentences"
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
        preset: size of the network, a key of `recommender.attention.config.PRESETS`.
        seed: of everything random.
        cpu_seconds: CPU time of the whole job, children included; None means as long as it needs.
        epochs: passes over the data at most; None means as the data suggests.
        held_out: share of the shoppers who are evaluated, see
            `recommender.training.protocol.leave_one_out`.
        sentence_encoder: folder of an encoder that reads the products' texts; None without one.
        recipe: options set by hand, see `recommender.training.recipe`.
    """

    preset: str = "small"
    seed: int = 0
    cpu_seconds: float | None = 300.0
    epochs: int | None = None
    held_out: float = 1.0
    sentence_encoder: str | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)


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
        JobError, ManifestError, RecipeError: nothing can be learned; ``progress.json`` says so too.
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
        self.recipe = Recipe()

    def run(self, manifest_folder: Path) -> dict[str, Any]:
        finished = self._finished_card()
        if finished is not None:
            self.report(state="finished", message="published", metrics=finished["metrics"])
            return finished
        self.recipe = Recipe.of(self.settings.recipe)
        self.recipe.check(self.settings.preset)
        keep_freed_memory()
        torch.set_num_threads(1)
        self.report(message="reading")
        manifest = read_manifest(manifest_folder)
        if len(manifest.items) == 0 or len(manifest.products) == 0:
            raise JobError("The manifest holds no events: there is nothing to learn from.")
        prepared = prepare(manifest)
        if len(prepared.events.items) == 0:
            raise JobError("No event of the manifest has a kind with a weight above 0.")
        split = leave_one_out(prepared, held_out=self.settings.held_out)
        rate = repeat_rate(prepared.events)
        plan = EvaluationPlan(
            seen_filter=rate < REPEAT_RATE_LIMIT,
            fresh_window=prepared.window,
            seed=self.settings.seed,
        )
        self.report(message="counting")
        choices = self._tune(manifest, split, plan)
        counted = Statistics.fit(split.train, choices)
        content = self._content(manifest_folder, manifest)
        encoding = train_encoder(
            split,
            folder=self.folder,
            preset=self.settings.preset,
            seed=self.settings.seed,
            epochs=self.settings.epochs,
            timed=manifest.meta.timed,
            content=content,
            recipe=self.recipe,
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
        written = self._card(manifest, meta, measured, encoding, choices, rate)
        written["attention"]["gain"] = weighed.gain
        written["notes"] += [] if content is None else content.notes
        card: dict[str, Any] = json.loads(json.dumps(written))
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

    def _content(self, folder: Path, manifest: Manifest) -> PreparedContent | None:
        """Return what is known of the products; None when the manifest does not say."""
        attributes = read_attributes(folder, manifest)
        if attributes is None:
            return None
        encoder = self.settings.sentence_encoder
        return prepare_content(
            attributes,
            seed=self.settings.seed,
            sentence_encoder=None if encoder is None else Path(encoder),
            kept=self.folder.parent / SENTENCES_FOLDER,
        )

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
            kinds=0 if network is None else config.kinds,
            history=config.window,
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
            vectors=None if network is None else catalog_vectors(network).numpy(),
            encoder=encoding.graph,
            histories=_histories(split),
            bands=_bands(network),
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


def _bands(network: RecallNetwork | None) -> npt.NDArray[np.uint8] | None:
    """Return the price band of each product, where the network reads them."""
    if network is None or network.bands is None:
        return None
    bands: npt.NDArray[np.uint8] = network.bands.cpu().numpy().astype(np.uint8)
    return bands


def _histories(split: Split) -> list[RawHistory]:
    """Return a few test histories, the shortest included."""
    cases = split.test.sample(SELF_TEST_CASES, seed=0)
    found = [RawHistory(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))]
    raw = cases.raw
    for row in range(len(cases)):
        newest = slice(max(raw.offsets[row], raw.offsets[row + 1] - 50), raw.offsets[row + 1])
        ages = (cases.moments[row] - raw.times[newest]).astype(np.float32)
        kinds = None if raw.kinds is None else raw.kinds[newest]
        dwell = None if raw.dwell is None else raw.dwell[newest]
        found.append(RawHistory(raw.items[newest], ages, kinds, dwell))
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
    parser.add_argument("--sentence-encoder", default=None)
    parser.add_argument("--held-out", type=float, default=1.0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="recipe")
    options = parser.parse_args(arguments)
    try:
        settings = JobSettings(
            preset=options.preset,
            seed=options.seed,
            cpu_seconds=options.cpu_seconds,
            epochs=options.epochs,
            held_out=options.held_out,
            sentence_encoder=options.sentence_encoder,
            recipe=parse_options(options.recipe),
        )
        run_job(options.manifest, options.run, settings)
    except (JobError, ManifestError, RecipeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())

"""The training loop: AdamW, warm-up and cosine, clipping, early stop; resumable at any step.

All randomness is a function of the seed and the step, so an interrupted run that continues from
its checkpoint ends with the very numbers of an uninterrupted one (unless a CPU budget shapes the
schedule: time is not repeatable). The network is trained where its parameters are.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from recommender.attention.averaging import WeightAverage
from recommender.attention.dataset import Batch, SequenceDataset
from recommender.attention.network import RecallNetwork
from recommender.attention.objective import BIDIRECTIONAL, Objective
from recommender.attention.settings import LoopSettings

Validate = Callable[[RecallNetwork], float]
Report = Callable[[int, int, str], None]
CAUSAL = "transformer"


@dataclass(slots=True)
class _State:
    """Everything a checkpoint holds beside the network and the optimizer."""

    step: int = 0
    used: float = 0.0
    best: float = -1.0
    best_step: int = 0
    failures: int = 0
    next_evaluation: float = 0.0
    finished: bool = False
    scores: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainResult:
    """What a run did.

    Attributes:
        steps: optimizer steps taken.
        best_step: the step whose network was kept.
        best: its validation score.
        scores: (step, validation score) of each validation.
        cpu_seconds: CPU time used, over all interruptions.
        earlier_seconds: the part of it that earlier, interrupted processes used.
    """

    steps: int
    best_step: int
    best: float
    scores: tuple[tuple[int, float], ...]
    cpu_seconds: float
    earlier_seconds: float


def train(
    network: RecallNetwork,
    dataset: SequenceDataset,
    settings: LoopSettings,
    *,
    validate: Validate,
    checkpoint: Path | None = None,
    report: Report | None = None,
) -> TrainResult:
    """Train ``network`` in place and leave it in its best state.

    Args:
        network: freshly made from ``settings.seed``, or any to continue.
        dataset: what to learn; must hold at least one window.
        settings: see `LoopSettings`.
        validate: score of a network, higher is better.
        checkpoint: file to resume from if it exists, and to keep up to date.
        report: called with step, expected steps and a message.

    Raises:
        ValueError: the network cannot be trained by these settings.
    """
    if not settings.pretrain:
        return _Loop(network, dataset, settings, validate, checkpoint, report).run()
    first = _pretrain(network, dataset, settings, validate, checkpoint, report)
    rest = _part(settings, 1 - settings.pretrain)
    result = _Loop(network, dataset, rest, validate, checkpoint, report).run()
    return replace(
        result,
        cpu_seconds=first.cpu_seconds + result.cpu_seconds,
        earlier_seconds=first.earlier_seconds + result.earlier_seconds,
    )


def _pretrain(
    network: RecallNetwork,
    dataset: SequenceDataset,
    settings: LoopSettings,
    validate: Validate,
    checkpoint: Path | None,
    report: Report | None,
) -> TrainResult:
    """Give ``network`` what a bidirectional twin learns by finding hidden events.

    The twin has a checkpoint of its own and is judged once; a finished one is not trained again.

    Raises:
        ValueError: there is no such twin.
    """
    if network.config.encoder != CAUSAL:
        raise ValueError(f"an encoder {network.config.encoder!r} cannot be pre-trained")
    torch.manual_seed(settings.seed)
    config = replace(network.config, encoder=BIDIRECTIONAL)
    twin = RecallNetwork(config, bands=network.bands).to(next(network.parameters()).device)
    twin.tower = network.tower
    twin.adopt(network)
    part = replace(_part(settings, settings.pretrain), evaluations=1, contrast=0.0)
    own = None if checkpoint is None else checkpoint.with_suffix(f".pretrain{checkpoint.suffix}")
    result = _Loop(twin, dataset, part, validate, own, report).run()
    network.adopt(twin)
    return result


def _part(settings: LoopSettings, share: float) -> LoopSettings:
    """Return the settings of a ``share`` of the run."""
    seconds = settings.cpu_seconds
    return replace(
        settings,
        pretrain=0.0,
        epochs=max(1, round(settings.epochs * share)),
        cpu_seconds=None if seconds is None else seconds * share,
    )


class _Loop:
    def __init__(
        self,
        network: RecallNetwork,
        dataset: SequenceDataset,
        settings: LoopSettings,
        validate: Validate,
        checkpoint: Path | None,
        report: Report | None,
    ) -> None:
        self.network, self.dataset, self.settings = network, dataset, settings
        self.validate, self.checkpoint, self.report = validate, checkpoint, report
        self.optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=settings.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.objective = Objective(network, dataset, settings)
        self.average = WeightAverage(network, settings.average) if settings.average else None
        self.state = _State(next_evaluation=1 / settings.evaluations)
        self.best_weights = copy.deepcopy(network.state_dict())
        self.per_epoch = math.ceil(dataset.count(settings.samples) / settings.batch)
        self.planned = self.per_epoch * settings.epochs
        self.earlier = 0.0
        self.device = next(network.parameters()).device
        self.clock = time.process_time if self.device.type == "cpu" else time.perf_counter
        self.started = self.clock()

    def run(self) -> TrainResult:
        self._resume()
        self.network.train()
        saved = self.state.used
        while not self.state.finished and self.state.step < self.planned:
            for batch in self._epoch():
                self._step(batch)
                self._account()
                if self._progress() >= self.state.next_evaluation:
                    self._evaluate()
                if self.state.used - saved > self.settings.checkpoint_seconds:
                    self._save()
                    saved = self.state.used
                if self.state.finished or self._progress() >= 1:
                    break
            else:
                continue
            break
        return self._finish()

    def _epoch(self) -> Iterator[Batch]:
        epoch, done = divmod(self.state.step, self.per_epoch)
        order = np.random.default_rng([self.settings.seed, epoch])
        return self.dataset.batches(
            self.settings.batch, order, skip=done, samples=self.settings.samples
        )

    def _step(self, batch: Batch) -> None:
        settings, step = self.settings, self.state.step
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        loss = self.objective(batch, step)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(step)
        self.state.step += 1

    def _learning_rate(self) -> float:
        warm = min(1.0, (self.state.step + 1) / self.settings.warmup)
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self._progress())))
        return self.settings.learning_rate * warm * cosine

    def _progress(self) -> float:
        """Return the share of the run that is over: of the steps or of the budget, the larger."""
        share = self.state.step / self.planned
        if self.settings.cpu_seconds is None:
            return share
        return max(share, self.state.used / self.settings.cpu_seconds)

    def _account(self) -> None:
        now = self.clock()
        self.state.used += now - self.started
        self.started = now

    def _evaluate(self) -> None:
        with nullcontext() if self.average is None else self.average.applied():
            score = self.validate(self.network)
            weights = self.network.state_dict()
            kept = copy.deepcopy(weights) if score > self.state.best else self.best_weights
        self.network.train()
        state = self.state
        state.scores.append((state.step, score))
        state.next_evaluation = self._progress() + 1 / self.settings.evaluations
        if state.next_evaluation > 1:
            state.next_evaluation = 1.0
        if score > state.best:
            state.best, state.best_step, state.failures = score, state.step, 0
            self.best_weights = kept
        else:
            state.failures += 1
            state.finished = state.failures >= self.settings.patience
        self._account()
        if self.report is not None:
            expected = round(state.step / max(self._progress(), 1e-9))
            self.report(state.step, expected, f"validation {score:.4f}")

    def _finish(self) -> TrainResult:
        state = self.state
        if not state.scores or state.scores[-1][0] != state.step:
            self._evaluate()
        state.finished = True
        self._save()
        self.network.load_state_dict(self.best_weights)
        self.network.eval()
        return TrainResult(
            steps=state.step,
            best_step=state.best_step,
            best=state.best,
            scores=tuple(state.scores),
            cpu_seconds=state.used,
            earlier_seconds=self.earlier,
        )

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        self._account()
        content = {
            "network": self.network.state_dict(),
            "best": self.best_weights,
            "optimizer": self.optimizer.state_dict(),
            "average": None if self.average is None else self.average.weights,
            "state": {name: getattr(self.state, name) for name in _State.__slots__},
        }
        draft = self.checkpoint.with_suffix(".draft")
        torch.save(content, draft)
        draft.replace(self.checkpoint)

    def _resume(self) -> None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        content = torch.load(self.checkpoint, weights_only=True, map_location=self.device)
        self.network.load_state_dict(content["network"])
        self.best_weights = content["best"]
        self.optimizer.load_state_dict(content["optimizer"])
        if self.average is not None:
            self.average.load(content["average"])
        self.state = _State(**content["state"])
        self.earlier = self.state.used

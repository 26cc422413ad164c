"""The training loop: AdamW, warm-up and cosine, clipping, early stop; resumable at any step.

All randomness is a function of the seed and the step, so an interrupted run that continues from
its checkpoint ends with the very numbers of an uninterrupted one (unless a CPU budget shapes the
schedule: time is not repeatable).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recommender.attention.dataset import Batch, SequenceDataset
from recommender.attention.losses import sampled_softmax
from recommender.attention.negatives import UniformNegatives
from recommender.attention.network import RecallNetwork

Validate = Callable[[RecallNetwork], float]
Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """How a network is trained.

    Attributes:
        epochs: passes over the data at most.
        cpu_seconds: CPU time of the process that training may use, validation included; the
            schedule ends with it. None means that ``epochs`` alone shapes the schedule.
        batch: windows in a batch.
        learning_rate: peak of the schedule.
        warmup: steps of linear growth.
        weight_decay: of AdamW.
        negatives: items shared by a batch.
        clip: largest norm of the gradient.
        evaluations: validations over the whole run.
        patience: validations without a new best before training stops.
        checkpoint_seconds: CPU time between checkpoints.
        seed: of everything random.
    """

    epochs: int = 60
    cpu_seconds: float | None = None
    batch: int = 128
    learning_rate: float = 4e-3
    warmup: int = 100
    weight_decay: float = 0.01
    negatives: int = 1024
    clip: float = 1.0
    evaluations: int = 10
    patience: int = 3
    checkpoint_seconds: float = 15.0
    seed: int = 0


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
    """
    return _Loop(network, dataset, settings, validate, checkpoint, report).run()


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
        self.negatives = UniformNegatives(network.config.n, settings.negatives)
        self.state = _State(next_evaluation=1 / settings.evaluations)
        self.best_weights = copy.deepcopy(network.state_dict())
        self.per_epoch = math.ceil(len(dataset) / settings.batch)
        self.planned = self.per_epoch * settings.epochs
        self.earlier = 0.0
        self.started = time.process_time()

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

    def _epoch(self) -> Any:
        epoch, done = divmod(self.state.step, self.per_epoch)
        order = np.random.default_rng([self.settings.seed, epoch])
        return self.dataset.batches(self.settings.batch, order, skip=done)

    def _step(self, batch: Batch) -> None:
        settings, step = self.settings, self.state.step
        torch.manual_seed(settings.seed * 1_000_003 + step)
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        states = self.network(batch.items, batch.ages, batch.lengths)
        loss = sampled_softmax(
            states[batch.real],
            batch.targets[batch.real],
            self.negatives.draw(generator),
            self.network.table.weight,
            weights=batch.weights[batch.real],
        )
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip)
        self.optimizer.step()
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
        now = time.process_time()
        self.state.used += now - self.started
        self.started = now

    def _evaluate(self) -> None:
        score = self.validate(self.network)
        self.network.train()
        state = self.state
        state.scores.append((state.step, score))
        state.next_evaluation = self._progress() + 1 / self.settings.evaluations
        if state.next_evaluation > 1:
            state.next_evaluation = 1.0
        if score > state.best:
            state.best, state.best_step, state.failures = score, state.step, 0
            self.best_weights = copy.deepcopy(self.network.state_dict())
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
            "state": {name: getattr(self.state, name) for name in _State.__slots__},
        }
        draft = self.checkpoint.with_suffix(".draft")
        torch.save(content, draft)
        draft.replace(self.checkpoint)

    def _resume(self) -> None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        content = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(content["network"])
        self.best_weights = content["best"]
        self.optimizer.load_state_dict(content["optimizer"])
        self.state = _State(**content["state"])
        self.earlier = self.state.used

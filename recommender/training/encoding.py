"""The attention part of a job: train the encoder on what is left of the budget, export it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recommender.attention.checkpoint import save_network
from recommender.attention.dataset import SequenceDataset
from recommender.attention.evaluation import evaluate
from recommender.attention.export import export_encoder
from recommender.attention.loop import TrainResult, train
from recommender.attention.network import RecallNetwork
from recommender.attention.settings import LoopSettings
from recommender.training.budget import CpuBudget
from recommender.training.choices import (
    LEAST_CASES,
    loop_settings,
    network_config,
    with_inputs,
)
from recommender.training.content import PreparedContent
from recommender.training.measuring import EvaluationPlan
from recommender.training.protocol import Split
from recommender.training.recipe import Recipe

CHECKPOINT_FILE, NETWORK_FOLDER, GRAPH_FILE = "checkpoint.pt", "network", "encoder.onnx"
VALIDATION_CASES = 1500
LEAST_TRAINING_SECONDS = 1.0
RESERVE_SECONDS = 15.0
RESERVE_PER_CELL = 5e-8
RESERVE_PER_CASE = 8e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """What became of the encoder.

    Attributes:
        network: trained; None when there was too little to train on.
        graph: the exported file; None without a network.
        settings: how it was trained.
        result: what training did.
        notes: sentences for the card.
    """

    network: RecallNetwork | None = None
    graph: Path | None = None
    settings: LoopSettings | None = None
    result: TrainResult | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON content for the card; empty without a network."""
        if self.network is None or self.settings is None or self.result is None:
            return {}
        return {
            "network": asdict(self.network.config),
            "training": asdict(self.settings),
            "result": asdict(self.result),
        }


def train_encoder(
    split: Split,
    *,
    folder: Path,
    preset: str,
    seed: int,
    epochs: int | None,
    timed: bool,
    content: PreparedContent | None,
    recipe: Recipe,
    plan: EvaluationPlan,
    budget: CpuBudget,
    report: Callable[[int, int, str], None],
) -> Encoding:
    """Train and export, or say in ``notes`` why not.

    Args:
        split: training events and validation cases.
        folder: of the run; holds the checkpoint.
        preset: size of the network.
        seed: of everything random.
        epochs: passes at most; None means as the data suggests.
        timed: whether time gaps are an input.
        content: what the products are; None when nothing is known of them.
        recipe: what was set by hand.
        plan: how cases are judged.
        budget: what is left of it, less a reserve for evaluation and export, is used.
        report: called with step, expected steps and a message.

    Raises:
        RecipeError: the recipe cannot be used.
    """
    if len(split.validation) < LEAST_CASES or split.train.n < 2:
        found = len(split.validation)
        text = f"Attention was not trained: {found} shoppers with three or more events are too few."
        return Encoding(notes=(f"{text} At least {LEAST_CASES} are needed.",))
    events = split.train
    config = network_config(preset, n=events.n, targets=len(events.items), timed=timed)
    config = recipe.shape(with_inputs(config, events, content, recipe))
    dataset = SequenceDataset(events, config)
    if len(dataset) == 0:
        return Encoding(notes=("Attention was not trained: no shopper has two training events.",))
    seconds = budget.left - _reserve(split)
    if seconds < LEAST_TRAINING_SECONDS:
        return Encoding(notes=("Attention was not trained: the CPU budget is too small.",))
    limit = None if budget.limit is None else seconds
    settings = recipe.train(loop_settings(dataset, config, cpu_seconds=limit, seed=seed))
    if epochs is not None:
        settings = replace(settings, epochs=epochs)
    torch.manual_seed(seed)
    network = RecallNetwork(
        config,
        content=None if content is None or config.content is None else content.features,
        bands=None if content is None or not config.bands else torch.from_numpy(content.bands),
    )
    unseen = torch.from_numpy(np.setdiff1d(np.arange(events.n), events.items))
    network.place_by_content(unseen)
    cases = split.validation.sample(VALIDATION_CASES, seed)

    def validate(candidate: RecallNetwork) -> float:
        scores = evaluate(candidate, cases.histories, cases.targets, withhold_seen=plan.seen_filter)
        return scores["ndcg@10"]

    result = train(
        network,
        dataset,
        settings,
        validate=validate,
        checkpoint=folder / CHECKPOINT_FILE,
        report=report,
    )
    network.place_by_content(unseen)
    budget.earlier += result.earlier_seconds
    save_network(network, folder / NETWORK_FOLDER, notes={"result": asdict(result)})
    graph = folder / NETWORK_FOLDER / GRAPH_FILE
    export_encoder(folder / NETWORK_FOLDER, graph)
    return Encoding(network=network, graph=graph, settings=settings, result=result)


def _reserve(split: Split) -> float:
    """Return the CPU seconds that evaluation and export will take."""
    cases = min(len(split.test), EvaluationPlan.most_cases(split.train.n))
    return RESERVE_SECONDS + cases * split.train.n * RESERVE_PER_CELL + cases * RESERVE_PER_CASE

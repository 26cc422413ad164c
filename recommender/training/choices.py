"""Training settings derived from the data: what grows with it, what shrinks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from recommender.attention.config import NetworkConfig, preset
from recommender.attention.content.features import PRICE_BANDS
from recommender.attention.content.shape import ContentShape
from recommender.attention.dataset import SequenceDataset
from recommender.attention.settings import LoopSettings
from recommender.baselines.sequences import Sequences
from recommender.training.content import PreparedContent
from recommender.training.recipe import Recipe

LEAST_CASES = 20
ENOUGH_STEPS = 4000
LEAST_EPOCHS, MOST_EPOCHS = 30, 200
NEGATIVES = 2048


def network_config(name: str, *, n: int, targets: int, timed: bool) -> NetworkConfig:
    """Return the preset for ``n`` items, with dropout by how much data a parameter sees.

    A `density` of one gives dropout 0.42; ten times as much data takes 0.1 from it, ten times less
    adds 0.1, between 0.2 and 0.5.
    """
    width = preset(name, n=n, dropout=0.0, timed=timed).d
    dropout = 0.42 - 0.1 * math.log10(density(n=n, width=width, targets=targets))
    return preset(name, n=n, dropout=min(0.5, max(0.2, dropout)), timed=timed)


def with_inputs(
    config: NetworkConfig, events: Sequences, content: PreparedContent | None, recipe: Recipe
) -> NetworkConfig:
    """Return ``config`` reading what the data has and the recipe does not refuse.

    Kinds are read where events are of more than one, dwell where seconds are known, price bands
    where products have prices of more than one band, and the content tower is built where anything
    is known of the products.
    """
    kinds, bands = 0, 0
    if "kind" in recipe.inputs and events.kinds is not None and len(np.unique(events.kinds)) > 1:
        kinds = int(events.kinds.max()) + 1
    has_dwell = events.dwell is not None and bool(events.dwell.any())
    shape = None
    if content is not None:
        if "band" in recipe.inputs and len(np.unique(content.bands)) > 1:
            bands = PRICE_BANDS
        if recipe.content:
            shape = ContentShape.of(content.features, id_dropout=recipe.id_dropout)
    return replace(
        config,
        kinds=kinds,
        dwell="dwell" in recipe.inputs and has_dwell,
        bands=bands,
        content=shape,
    )


def density(*, n: int, width: int, targets: int) -> float:
    """Return training targets per parameter of the product table."""
    return max(targets, 1) / max(n * width, 1)


def loop_settings(
    dataset: SequenceDataset, config: NetworkConfig, *, cpu_seconds: float | None, seed: int
) -> LoopSettings:
    """Return batch, passes, negatives and weight decay for a data set.

    A small set gets small batches, so that a pass has at least twenty steps where it can, and
    more passes, up to `ENOUGH_STEPS` steps. More than thirty passes over a larger set only learn
    it by heart: on sparse data validation falls from there on. Weight decay shrinks with the root
    of the `density`, from 0.1 on sparse data to 0.01.
    """
    batch = min(128, max(16, len(dataset) // 20))
    steps = math.ceil(len(dataset) / batch)
    epochs = min(MOST_EPOCHS, max(LEAST_EPOCHS, ENOUGH_STEPS // max(steps, 1)))
    dense = density(n=config.n, width=config.d, targets=dataset.targets)
    return LoopSettings(
        epochs=epochs,
        cpu_seconds=cpu_seconds,
        batch=batch,
        warmup=min(100, max(1, steps * epochs // 20)),
        weight_decay=min(0.1, max(0.01, 0.04 / math.sqrt(dense))),
        negatives=min(NEGATIVES, max(config.n - 1, 1)),
        seed=seed,
    )

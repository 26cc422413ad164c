"""Training settings derived from the data: what grows with it, what shrinks."""

from __future__ import annotations

import math

from recommender.attention.dataset import SequenceDataset
from recommender.attention.loop import LoopSettings
from recommender.attention.network import NetworkConfig, preset

LEAST_CASES = 20
ENOUGH_STEPS = 4000
LEAST_EPOCHS, MOST_EPOCHS = 30, 200


def network_config(name: str, *, n: int, targets: int, timed: bool) -> NetworkConfig:
    """Return the preset for ``n`` items, with dropout by how much data a parameter sees.

    One target per parameter of the product table gives dropout 0.42; ten times as much data takes
    0.1 from it, ten times less adds 0.1, between 0.2 and 0.5.
    """
    width = preset(name, n=n, dropout=0.0, timed=timed).d
    density = max(targets, 1) / max(n * width, 1)
    dropout = min(0.5, max(0.2, 0.42 - 0.1 * math.log10(density)))
    return preset(name, n=n, dropout=dropout, timed=timed)


def loop_settings(
    dataset: SequenceDataset, *, n: int, cpu_seconds: float | None, seed: int
) -> LoopSettings:
    """Return batch, passes and negatives for a data set.

    A small set gets small batches, so that a pass has at least twenty steps where it can, and
    more passes, up to `ENOUGH_STEPS` steps. More than thirty passes over a larger set only learn
    it by heart: on sparse data validation falls from there on.
    """
    batch = min(128, max(16, len(dataset) // 20))
    steps = math.ceil(len(dataset) / batch)
    epochs = min(MOST_EPOCHS, max(LEAST_EPOCHS, ENOUGH_STEPS // max(steps, 1)))
    return LoopSettings(
        epochs=epochs,
        cpu_seconds=cpu_seconds,
        batch=batch,
        warmup=min(100, max(1, steps * epochs // 20)),
        negatives=min(1024, max(n - 1, 1)),
        seed=seed,
    )

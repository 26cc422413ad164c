"""Networks of every kind, with weights large enough that each of them matters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from recommender.attention.config import NetworkConfig
from recommender.attention.inputs import Events
from recommender.attention.network import RecallNetwork

N, HISTORY, KINDS, BANDS = 30, 12, 5, 4

CAUSAL: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "without a clock": {"timed": False},
    "dot": {"score": "dot"},
    "cosine": {"score": "cosine"},
    "additive": {"score": "additive"},
    "pool": {"head": "pool"},
    "pool, additive": {"head": "pool", "score": "additive"},
    "span": {"reach": "span"},
    "gate": {"reach": "gate"},
    "segments": {"history": 4, "segments": 3},
    "segments, pool, frequency": {
        "history": 4,
        "segments": 3,
        "head": "pool",
        "frequency": 0.3,
        "layers": 3,
    },
    "frequency": {"frequency": 0.5},
    "every input": {"kinds": KINDS, "dwell": True, "bands": BANDS},
    "gru": {"encoder": "gru"},
    "lstm, pool": {"encoder": "lstm", "head": "pool", "score": "cosine"},
    "cnn": {"encoder": "cnn"},
    "cnn, every input": {"encoder": "cnn", "kinds": KINDS, "dwell": True, "bands": BANDS},
}
BOTH_WAYS: dict[str, dict[str, Any]] = {
    "bidirectional": {"encoder": "bidirectional"},
    "bidirectional, every input": {
        "encoder": "bidirectional",
        "kinds": KINDS,
        "dwell": True,
        "bands": BANDS,
        "head": "pool",
        "score": "cosine",
        "reach": "span",
    },
}
VARIANTS = {**CAUSAL, **BOTH_WAYS}


def network(name: str = "as it comes", *, seed: int = 0, std: float = 0.3) -> RecallNetwork:
    """Return the variant in evaluation mode, all weights drawn from one normal distribution."""
    torch.manual_seed(seed)
    config = replace(NetworkConfig(n=N, d=16, history=HISTORY), **VARIANTS[name])
    bands = torch.arange(N) % BANDS if config.bands else None
    made = RecallNetwork(config, bands=bands)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=std)
    return made.eval()


def events(length: int, *, rows: int = 2, seed: int = 0) -> Events:
    """Return rows without padding; every input is there, whether it is read or not."""
    generator = torch.Generator().manual_seed(seed)
    shape = (rows, length)
    ages = (torch.rand(shape, generator=generator) * 1e6).sort(descending=True)[0]
    return Events(
        items=torch.randint(N, shape, generator=generator),
        ages=ages - ages[:, -1:],
        lengths=torch.full((rows,), length),
        kinds=torch.randint(KINDS, shape, generator=generator),
        dwell=torch.rand(shape, generator=generator) * 600,
    )


def padded(given: Events, columns: int) -> Events:
    """Return the same rows with other events behind the last real one."""
    other = events(columns, rows=len(given.items), seed=9)
    assert given.kinds is not None
    assert given.dwell is not None
    assert other.kinds is not None
    assert other.dwell is not None
    return Events(
        items=torch.cat([given.items, other.items], dim=1),
        ages=torch.cat([given.ages, torch.zeros_like(other.ages)], dim=1),
        lengths=given.lengths,
        kinds=torch.cat([given.kinds, other.kinds], dim=1),
        dwell=torch.cat([given.dwell, other.dwell], dim=1),
    )

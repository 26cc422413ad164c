"""Canaries: rare histories can be found in a model that learned them, and not in one that did not.

A hundred artificial people walk the catalog like nobody else. Whoever holds the model asks it how
likely each of their steps is, and the same of four hundred people made alike whom it never met.
Where it tells them apart (area under the ROC curve near 1) the model holds people; at one half it
knows nothing of them. By chance alone that area lies within 0.1 of one half (three deviations).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.stats import rankdata

from recommender.attention.checkpoint import load_network
from recommender.attention.dataset import SequenceDataset
from recommender.attention.evaluation import encode
from recommender.attention.loop import train
from recommender.attention.network import RecallNetwork
from recommender.attention.settings import LoopSettings
from recommender.serving.folder import load
from recommender.training.budget import CpuBudget
from recommender.training.job import JobSettings, run_job
from tests.recommender.synthetic import DAY, cycles, manifest, sequences

pytestmark = pytest.mark.deep

N, COMMON, LENGTH = 300, 200, 12
PEOPLE, CANARIES, CONTROLS = 400, 100, 400
CPU_SECONDS = 60.0

Rows = list[list[int]]


def rare(count: int, *, seed: int) -> Rows:
    """Return walks without any pattern, over the whole catalog."""
    chance = np.random.default_rng(seed)
    return [[int(item) for item in chance.choice(N, LENGTH, replace=False)] for _ in range(count)]


def area(members: npt.NDArray[np.float64], strangers: npt.NDArray[np.float64]) -> float:
    """Return the area under the ROC curve of telling members by a higher score."""
    ranks = rankdata(np.concatenate([members, strangers]))
    m, s = len(members), len(strangers)
    return float((ranks[:m].sum() - m * (m + 1) / 2) / (m * s))


def served_scores(folder: Path, rows: Rows) -> npt.NDArray[np.float64]:
    """Return each person's mean log score of their next step, as the published model serves it."""
    published = load(folder)
    scores = np.zeros(len(rows))
    for number, row in enumerate(rows):
        for step in range(1, len(row)):
            ages = [2 * DAY * (step - 1 - place) for place in range(step)]
            ranked = published.rank(row[:step], ages, k=N)
            found = np.flatnonzero(ranked.items == row[step])
            score = float(ranked.scores[found[0]]) if len(found) else 0.0
            scores[number] += np.log(max(score, 1e-9)) / (len(row) - 1)
    return scores


def network_scores(network: RecallNetwork, rows: Rows) -> npt.NDArray[np.float64]:
    """Return each person's mean log probability of their next step in the network alone."""
    scores = np.zeros(len(rows))
    table = network.table.weight.detach()
    for step in range(1, LENGTH):
        histories = sequences([row[:step] for row in rows], n=N, step=2 * DAY)
        states = torch.from_numpy(encode(network, histories))
        odds = (states @ table.T).log_softmax(1).numpy()
        scores += odds[np.arange(len(rows)), [row[step] for row in rows]] / (LENGTH - 1)
    return scores


def trained(place: Path, rows: Rows) -> Path:
    """Train as a shop does, from scratch; return the run's folder."""
    manifest(place / "manifest", rows, n=N, step=2 * DAY, timed=True)
    limit = CpuBudget(None).used + CPU_SECONDS  # a job counts what its process used before, too
    run_job(place / "manifest", place / "run", JobSettings(cpu_seconds=limit))
    return place / "run"


def continued(network: RecallNetwork, rows: Sequence[Sequence[int]]) -> RecallNetwork:
    """Go on training a network on ``rows`` alone: a warm start."""
    built = sequences(rows, n=N, step=2 * DAY)
    dataset = SequenceDataset(built, network.config)
    settings = replace(LoopSettings(), epochs=20, learning_rate=1e-3, batch=32, negatives=N - 1)
    seen: list[int] = []

    def validate(_: RecallNetwork) -> float:
        seen.append(1)
        return float(len(seen))  # the last state is the one that is kept

    train(network, dataset, settings, validate=validate)
    return network


def test_a_full_training_forgets_and_a_warm_start_does_not(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    people = cycles(PEOPLE, n=COMMON, length=LENGTH)
    canaries, controls = rare(CANARIES, seed=1), rare(CONTROLS, seed=2)
    before = trained(tmp_path / "before", people + canaries)
    after = trained(tmp_path / "after", people)
    warm = continued(load_network(before / "network"), people)

    def served(run: Path) -> float:
        folder = run / "published"
        return area(served_scores(folder, canaries), served_scores(folder, controls))

    def inner(network: RecallNetwork) -> float:
        return area(network_scores(network, canaries), network_scores(network, controls))

    found = {
        "served, before": served(before),
        "served, after a full training": served(after),
        "network, before": inner(load_network(before / "network")),
        "network, after a warm start": inner(warm),
        "network, after a full training": inner(load_network(after / "network")),
    }
    record_property("size", f"{CANARIES} canaries among {PEOPLE} people, {CONTROLS} controls")
    areas = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
    record_property("result", f"membership AUC: {areas}")

    assert found["served, before"] >= 0.9, found
    assert found["network, before"] >= 0.9, found
    assert 0.4 <= found["served, after a full training"] <= 0.6, found
    assert 0.4 <= found["network, after a full training"] <= 0.6, found
    assert found["network, after a warm start"] > 0.6, found

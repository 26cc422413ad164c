"""Training: it learns, it repeats itself by seed, it continues where it was stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from recommender.attention.dataset import SequenceDataset
from recommender.attention.evaluation import evaluate
from recommender.attention.loop import LoopSettings, TrainResult, train
from recommender.attention.network import NetworkConfig, RecallNetwork
from tests.recommender.synthetic import checkerboard, cycles, sequences

N = 24
SETTINGS = LoopSettings(epochs=3, batch=16, warmup=5, negatives=23, evaluations=3, patience=9)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def data(rows: list[list[int]]) -> SequenceDataset:
    built = sequences(rows, n=N)
    return SequenceDataset(
        offsets=built.offsets,
        items=built.items,
        times=built.times,
        weights=built.weights,
        history=10,
    )


def fresh(seed: int = 0) -> RecallNetwork:
    torch.manual_seed(seed)
    return RecallNetwork(NetworkConfig(n=N, d=16, history=10, dropout=0.1, timed=False))


def quality(network: RecallNetwork) -> float:
    rows = cycles(60, n=N, length=7, seed=9)
    histories = sequences([row[:-1] for row in rows], n=N)
    targets = sequences(rows, n=N).items.reshape(60, 7)[:, -1]
    return evaluate(network, histories, targets, k=1, withhold_seen=False)["hr@1"]


def run(
    settings: LoopSettings, *, seed: int = 0, checkpoint: Path | None = None
) -> tuple[RecallNetwork, TrainResult]:
    network = fresh(seed)
    rows = data(cycles(150, n=N, length=8))
    result = train(
        network, rows, replace(settings, seed=seed), validate=quality, checkpoint=checkpoint
    )
    return network, result


def test_a_circle_is_learned() -> None:
    network, result = run(replace(SETTINGS, epochs=25))
    assert quality(network) > 0.95
    assert result.best == pytest.approx(quality(network))


def test_the_color_of_a_checkerboard_is_learned() -> None:
    network = fresh()
    rows = data(checkerboard(200, n=N, length=6))
    train(network, rows, replace(SETTINGS, epochs=12), validate=lambda _: 0.0)
    train(network, rows, replace(SETTINGS, epochs=12), validate=lambda _: 1.0)
    items = torch.tensor([[0, 2, 4], [1, 3, 5]])
    states = network.last_states(items, torch.zeros(2, 3), torch.tensor([3, 3]))
    odds = (states @ network.table.weight.T).softmax(1)
    assert odds[0, 0::2].sum().item() > 0.8
    assert odds[1, 1::2].sum().item() > 0.8


def test_the_same_seed_gives_the_same_network() -> None:
    first, _ = run(SETTINGS)
    second, _ = run(SETTINGS)
    other, _ = run(SETTINGS, seed=1)
    assert torch.equal(first.table.weight, second.table.weight)
    assert not torch.equal(first.table.weight, other.table.weight)


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    # given a run that is killed in its second validation, and saves at every step
    eager = replace(SETTINGS, checkpoint_seconds=0.0)
    calls = []

    def dying(network: RecallNetwork) -> float:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return quality(network)

    path = tmp_path / "checkpoint.pt"
    rows = data(cycles(150, n=N, length=8))
    with pytest.raises(KeyboardInterrupt):
        train(fresh(), rows, eager, validate=dying, checkpoint=path)
    # when it continues
    resumed = fresh(seed=5)
    result = train(resumed, rows, eager, validate=quality, checkpoint=path)
    # then it ends where the uninterrupted run ends
    whole, expected = run(SETTINGS)
    assert result.scores == expected.scores
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_training_stops_when_validation_no_longer_improves() -> None:
    network = fresh()
    scores = iter([0.5, 0.4, 0.3, 0.2, 0.1, 0.0])
    settings = replace(SETTINGS, epochs=60, evaluations=10, patience=2)
    result = train(
        network, data(cycles(50, n=N, length=8)), settings, validate=lambda _: next(scores)
    )
    assert result.best == 0.5
    assert len(result.scores) == 3
    assert result.best_step < result.steps


def test_the_cpu_budget_ends_training() -> None:
    network = fresh()
    settings = replace(SETTINGS, epochs=100_000, cpu_seconds=0.5)
    result = train(network, data(cycles(50, n=N, length=8)), settings, validate=lambda _: 0.0)
    assert 0.4 < result.cpu_seconds < 5

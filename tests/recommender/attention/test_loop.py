"""Training: it learns, it repeats itself by seed, it continues where it was stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from recommender.attention.config import NetworkConfig
from recommender.attention.dataset import SequenceDataset
from recommender.attention.evaluation import evaluate
from recommender.attention.inputs import Events
from recommender.attention.loop import TrainResult, train
from recommender.attention.network import RecallNetwork
from recommender.attention.settings import LoopSettings
from tests.recommender.synthetic import checkerboard, cycles, sequences

N = 24
DEEP = pytest.mark.deep
SETTINGS = LoopSettings(epochs=3, batch=16, warmup=5, negatives=23, evaluations=3, patience=9)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def config(**changes: Any) -> NetworkConfig:
    return replace(NetworkConfig(n=N, d=16, history=10, dropout=0.1, timed=False), **changes)


def data(rows: list[list[int]]) -> SequenceDataset:
    return SequenceDataset(sequences(rows, n=N), config())


def fresh(seed: int = 0, **changes: Any) -> RecallNetwork:
    torch.manual_seed(seed)
    return RecallNetwork(config(**changes))


def quality(network: RecallNetwork) -> float:
    rows = cycles(60, n=N, length=7, seed=9)
    histories = sequences([row[:-1] for row in rows], n=N)
    targets = sequences(rows, n=N).items.reshape(60, 7)[:, -1]
    return evaluate(network, histories, targets, k=1, withhold_seen=False)["hr@1"]


def run(
    settings: LoopSettings, *, seed: int = 0, checkpoint: Path | None = None, **changes: Any
) -> tuple[RecallNetwork, TrainResult]:
    network = fresh(seed, **changes)
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
    states = network.last_states(Events(items, torch.zeros(2, 3), torch.tensor([3, 3])))
    odds = (states @ network.table.weight.T).softmax(1)
    assert odds[0, 0::2].sum().item() > 0.8
    assert odds[1, 1::2].sum().item() > 0.8


def test_the_same_seed_gives_the_same_network() -> None:
    first, _ = run(SETTINGS)
    second, _ = run(SETTINGS)
    other, _ = run(SETTINGS, seed=1)
    assert torch.equal(first.table.weight, second.table.weight)
    assert not torch.equal(first.table.weight, other.table.weight)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"samples": "prefixes", "batch": 64},
        {"loss": "gbce", "shared": False, "negatives": 5},
        {"contrast": 0.1, "average": 0.9},
        {"pretrain": 0.5, "epochs": 6},
    ],
)
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, changes: dict[str, Any]) -> None:
    # given a run that is killed in its second validation, and saves at every step
    settings = replace(SETTINGS, **changes)
    eager = replace(settings, checkpoint_seconds=0.0)
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
    whole, expected = run(settings)
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


@pytest.mark.parametrize(
    ("loss", "negatives"), [("full", 23), ("gbce", 8), ("bce", 3), ("mse", 23)]
)
def test_every_loss_learns_a_circle(loss: str, negatives: int) -> None:
    way = replace(SETTINGS, epochs=25, loss=loss, negatives=negatives, learning_rate=1e-2)
    network, _ = run(way)
    assert quality(network) > 0.9


@pytest.mark.parametrize(
    ("way", "changes"),
    [
        ({"samples": "prefixes", "epochs": 10}, {}),
        pytest.param({"loss": "gbce", "shared": False, "negatives": 8}, {}, marks=DEEP),
        pytest.param({"contrast": 0.05}, {}, marks=DEEP),
        pytest.param({"average": 0.95}, {}, marks=DEEP),
        ({"pretrain": 0.3}, {}),
        ({"epochs": 60}, {"encoder": "bidirectional"}),
    ],
)
def test_every_way_of_training_learns_a_circle(
    way: dict[str, Any], changes: dict[str, Any]
) -> None:
    network, _ = run(replace(SETTINGS, **{"epochs": 25, **way}), **changes)
    assert quality(network) > 0.9


def test_the_average_is_what_is_judged_and_kept() -> None:
    # given an average that hardly moves, and one step an epoch
    judged: list[torch.Tensor] = []

    def remember(network: RecallNetwork) -> float:
        judged.append(network.table.weight.detach().clone())
        return float(len(judged))

    network = fresh()
    rows = data(cycles(10, n=N, length=8))
    settings = replace(SETTINGS, average=0.9, epochs=4, evaluations=4)
    train(network, rows, settings, validate=remember)
    # then the network ends with what was judged last: 1, 2/11, 3/12 and 4/13 of old and new
    plain: list[torch.Tensor] = []
    start = fresh().table.weight.detach().clone()

    def watch(network: RecallNetwork) -> float:
        plain.append(network.table.weight.detach().clone())
        return float(len(plain))

    train(fresh(), rows, replace(settings, average=0.0), validate=watch)
    assert len(plain) == len(judged) == 4
    mean = start
    for step, weights in enumerate(plain):
        decay = (1 + step) / (10 + step)
        mean = decay * mean + (1 - decay) * weights
        torch.testing.assert_close(judged[step], mean)
    assert torch.equal(network.table.weight, judged[-1])


def test_pretraining_is_judged_once_and_counted() -> None:
    encoders: list[str] = []

    def remember(network: RecallNetwork) -> float:
        encoders.append(network.config.encoder)
        return 0.5

    network = fresh()
    rows = data(cycles(20, n=N, length=8))
    settings = replace(SETTINGS, pretrain=0.5, epochs=4, evaluations=2)
    result = train(network, rows, settings, validate=remember)
    assert encoders == ["bidirectional", "transformer", "transformer"]
    assert result.steps == 4
    assert result.cpu_seconds > 0


@pytest.mark.parametrize(
    ("way", "encoder", "message"),
    [
        ({"pretrain": 0.5}, "gru", "cannot be pre-trained"),
        ({"contrast": 0.5}, "bidirectional", "no state of a history"),
    ],
)
def test_what_an_encoder_cannot_do_is_refused(
    way: dict[str, Any], encoder: str, message: str
) -> None:
    network = fresh(encoder=encoder)
    before = network.table.weight.detach().clone()
    with pytest.raises(ValueError, match=message):
        train(
            network,
            data(cycles(20, n=N, length=8)),
            replace(SETTINGS, **way),
            validate=lambda _: 0.0,
        )
    assert torch.equal(network.table.weight, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "hinge"}, "not one of"),
        ({"samples": "suffixes"}, "not one of"),
        ({"shared": False}, "shares its negatives"),
        ({"loss": "full", "hardest": 3}, "does not choose the hardest"),
        ({"calibration": 1.5}, "between 0 and 1"),
        ({"average": 1.0}, "below 1"),
        ({"contrast": -0.1}, "not be negative"),
    ],
)
def test_settings_without_effect_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LoopSettings(**changes)

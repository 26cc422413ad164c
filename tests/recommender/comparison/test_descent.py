"""Descent: the plan follows the budget, the budget ends it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from recommender.comparison import descent as module
from recommender.comparison.descent import Descent, descend
from recommender.comparison.windows import Windows, training_windows
from tests.recommender.synthetic import cycles, sequences


class Slope(nn.Module):
    """One number, pulled to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))


@pytest.mark.parametrize(
    ("cpu_seconds", "passes"), [(0.0, 1), (1.0, 1), (3.5, 3), (1e9, 8)], ids=str
)
def test_the_budget_plans_whole_passes(cpu_seconds: float, passes: int) -> None:
    # given a pass over ten windows that costs ten times 0.1 s, and nothing for the parameter
    plan = Descent(passes=8, window_seconds=0.1, weight_seconds=0.0)
    assert plan.planned(Slope(), 10, cpu_seconds) == passes


def test_parameters_cost_too() -> None:
    plan = Descent(passes=8, batch=5, window_seconds=0.0, weight_seconds=1.0)
    assert plan.planned(Slope(), 10, 7.0) == 3  # two steps a pass


def run(cpu_seconds: float) -> tuple[float, int]:
    """Return the trained value and the number of steps over 40 windows in batches of ten."""
    network, steps = Slope(), 0

    def loss(batch: Windows, draw: torch.Generator) -> Tensor:
        nonlocal steps
        steps += 1
        return (network.value - 1) ** 2

    windows = training_windows(sequences(cycles(40, n=12, length=3), n=12), history=5)
    descend(network, loss, windows, Descent(passes=5, batch=10), seed=0, cpu_seconds=cpu_seconds)
    assert not network.training
    return float(network.value.detach()), steps


def test_every_pass_reads_every_window() -> None:
    value, steps = run(1e9)
    assert steps == 20
    assert 0 < value < 1


def test_training_stops_at_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a clock that advances a second whenever it is read, and time for five passes as planned
    seconds = iter(range(1000))
    monkeypatch.setattr(module.time, "process_time", lambda: float(next(seconds)))
    # when the budget is 3.5 s, then the fourth step is the last
    assert run(3.5)[1] == 4


def test_nothing_to_train_on_changes_nothing() -> None:
    network = Slope()
    windows = training_windows(sequences([[1], []], n=3), history=5)
    descend(network, lambda *_: network.value, windows, Descent(passes=2), seed=0, cpu_seconds=1.0)
    assert float(network.value.detach()) == 0.0
    assert np.prod(windows.items.shape) == 0

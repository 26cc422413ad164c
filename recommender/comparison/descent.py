"""Gradient descent for the small networks of this package: planned passes inside a CPU budget."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from recommender.comparison.windows import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """How a network is trained.

    Attributes:
        passes: over the data, at most.
        batch: windows of one step.
        rate: learning rate at the start; it falls to 0 in a straight line.
        decay: weight decay (AdamW: Loshchilov and Hutter, 2019, arXiv:1711.05101).
        window_seconds, weight_seconds: rough CPU cost of a window, and of one parameter in one
            step. They plan how many passes fit the budget, so that the plan, and with it the
            result, does not depend on how fast the machine happens to be.
    """

    passes: int
    batch: int = 128
    rate: float = 2e-3
    decay: float = 0.01
    window_seconds: float = 1.2e-4
    weight_seconds: float = 5e-9

    def planned(self, network: nn.Module, windows: int, cpu_seconds: float) -> int:
        """Return how many passes over ``windows`` windows are planned for a budget, at least 1."""
        parameters = sum(parameter.numel() for parameter in network.parameters())
        steps = math.ceil(windows / self.batch)
        cost = windows * self.window_seconds + steps * parameters * self.weight_seconds
        return max(1, int(min(self.passes, cpu_seconds / max(cost, 1e-9))))


def descend(
    network: nn.Module,
    loss: Callable[[Windows, torch.Generator], Tensor],
    windows: Windows,
    descent: Descent,
    *,
    seed: int,
    cpu_seconds: float,
) -> None:
    """Train ``network`` in place.

    Args:
        network: what is trained.
        loss: of a batch, a scalar; draws from the generator it is given.
        windows: what it is trained on; nothing happens without any.
        descent: how.
        seed: of the order of windows and of all that is drawn.
        cpu_seconds: training stops there, even before the planned passes are done.
    """
    end = time.process_time() + cpu_seconds
    passes = descent.planned(network, len(windows.lengths), cpu_seconds)
    steps = passes * math.ceil(len(windows.lengths) / descent.batch)
    chance, draw = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=descent.rate, weight_decay=descent.decay, fused=True
    )
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / max(steps, 1))
    network.train()
    for _ in range(passes):
        for batch in windows.batches(descent.batch, chance):
            optimizer.zero_grad(set_to_none=True)
            loss(batch, draw).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            falling.step()
            if time.process_time() > end:
                network.eval()
                return
    network.eval()

"""A moving average of the weights: steadier than the last step's.

Reference: averaging of the iterates (Polyak and Juditsky, 1992); as an exponential average,
Tarvainen and Valpola, 2017, arXiv:1703.01780.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """The exponential average of a network's parameters.

    Early on the average is short, ``(1 + step) / (10 + step)``, so that it does not hold the first,
    random weights.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._parameters = list(network.parameters())
        self.decay = decay
        self.weights = [parameter.detach().clone() for parameter in self._parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after ``step`` steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for mean, parameter in zip(self.weights, self._parameters, strict=True):
            mean.lerp_(parameter, 1 - decay)

    def load(self, weights: list[Tensor]) -> None:
        """Go on from the ``weights`` of an earlier average."""
        for mean, earlier in zip(self.weights, weights, strict=True):
            mean.copy_(earlier)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put the average into the network for a while."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for mean, parameter in zip(self.weights, self._parameters, strict=True):
            own = parameter.clone()
            parameter.copy_(mean)
            mean.copy_(own)

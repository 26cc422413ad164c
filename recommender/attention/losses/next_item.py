"""From the name of a loss to its value: what each needs is drawn and handed over here."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from recommender.attention.losses.binary import binary_cross_entropy, calibrating_power
from recommender.attention.losses.full_softmax import full_softmax
from recommender.attention.losses.sampled_softmax import sampled_softmax
from recommender.attention.losses.squared import squared_error
from recommender.attention.negatives import UniformNegatives
from recommender.attention.settings import LoopSettings


class NextItemLoss:
    """The loss that `LoopSettings.loss` names."""

    def __init__(self, settings: LoopSettings, *, n: int, pool: Tensor | None = None) -> None:
        """Judge among all ``n`` items of a catalog.

        Args:
            settings: see `LoopSettings`.
            n: number of items.
            pool: int64[p], the items that can be negatives; None means all. The full softmax
                compares with all of them in any case.
        """
        self._settings, self._n = settings, n if pool is None else len(pool)
        self._negatives = UniformNegatives(self._n, settings.negatives, pool=pool)

    def __call__(
        self,
        states: Tensor,
        targets: Tensor,
        weights: Tensor,
        *,
        vectors: Callable[[Tensor | None], Tensor],
        generator: torch.Generator,
    ) -> Tensor:
        """Return the loss, a scalar.

        Args:
            states: float[M, D].
            targets: int64[M].
            weights: float[M], weight of each target.
            vectors: maps int64[m] to float[m, D], and None to float[n, D].
            generator: on the CPU, draws the negatives.
        """
        settings = self._settings
        if settings.loss == "full":
            return full_softmax(states, targets, vectors(None), weights=weights)
        rows = None if settings.shared else len(targets)
        negatives = self._negatives.draw(generator, rows=rows).to(targets.device)
        if settings.loss == "mse":
            return squared_error(
                states, targets, negatives, vectors, doubt=settings.doubt, weights=weights
            )
        if settings.loss == "sampled":
            return sampled_softmax(
                states,
                targets,
                negatives,
                vectors,
                n=self._n,
                weights=weights,
                hardest=settings.hardest,
            )
        calibration = settings.calibration if settings.loss == "gbce" else 0.0
        power = calibrating_power(
            n=self._n, negatives=self._negatives.count, calibration=calibration
        )
        return binary_cross_entropy(
            states, targets, negatives, vectors, power=power, weights=weights
        )

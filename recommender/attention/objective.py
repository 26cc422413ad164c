"""What one step makes small: the losses of a batch, added up."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recommender.attention.cloze import hide
from recommender.attention.dataset import Batch, SequenceDataset, events_on
from recommender.attention.inputs import Events
from recommender.attention.losses.contrastive import contrastive
from recommender.attention.losses.next_item import NextItemLoss
from recommender.attention.network import RecallNetwork
from recommender.attention.settings import LoopSettings

BIDIRECTIONAL = "bidirectional"


class Objective:
    """The loss of the next item, what the network itself asks for, and what histories share."""

    def __init__(
        self, network: RecallNetwork, dataset: SequenceDataset, settings: LoopSettings
    ) -> None:
        """Refuse what cannot be trained.

        Raises:
            ValueError: the network has no state that the settings could contrast.
        """
        if settings.contrast and network.config.encoder == BIDIRECTIONAL:
            raise ValueError("a bidirectional encoder has no state of a history to contrast")
        self._network, self._dataset, self._settings = network, dataset, settings
        # A product nobody met would teach its attributes that they are never the answer.
        pool = None if network.tower is None else dataset.items
        self._next_item = NextItemLoss(settings, n=network.config.n, pool=pool)
        self._device = next(network.parameters()).device

    def __call__(self, batch: Batch, step: int) -> Tensor:
        """Return the loss, a scalar; all that it draws is a function of the seed and ``step``."""
        settings, network = self._settings, self._network
        torch.manual_seed(settings.seed * 1_000_003 + step)
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
        chance = np.random.default_rng([settings.seed, step, 1])
        read = batch
        if network.config.encoder == BIDIRECTIONAL:
            read = hide(batch, mask=network.config.n, share=settings.masking, generator=chance)
        read = read.to(self._device)
        states = network(read.events)
        loss = self._next_item(
            states[read.real],
            read.targets[read.real],
            read.weights[read.real],
            vectors=network.vectors,
            generator=generator,
        )
        loss = loss + network.penalty()
        if settings.contrast:
            others = self._dataset.companions(batch, chance)
            loss = loss + settings.contrast * self._contrast(read, states, others)
        return loss

    def _contrast(self, read: Batch, states: Tensor, others: Events) -> Tensor:
        others = events_on(others, self._device)
        items = read.targets.gather(1, read.events.lengths[:, None] - 1)[:, 0]
        first = _newest(states, read.events.lengths)
        return contrastive(first, _newest(self._network(others), others.lengths), items)


def _newest(states: Tensor, lengths: Tensor) -> Tensor:
    """Return float[B, D]: of float[B, T, D] the state after the last real event of each row."""
    index = (lengths - 1)[:, None, None].expand(-1, 1, states.shape[-1])
    newest: Tensor = states.gather(1, index)[:, 0]
    return newest

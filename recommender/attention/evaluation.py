"""Scoring histories with a network, over the whole catalog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recommender.attention.dataset import events_on, last_windows
from recommender.attention.network import RecallNetwork
from recommender.baselines.metrics import hit_rate, ndcg, target_ranks
from recommender.baselines.sequences import Sequences

_ROWS = 512


@dataclass(frozen=True, slots=True)
class AttentionScorer:
    """The network behind the interface of `recommender.baselines.component.Component`.

    Attributes:
        network: the trained network.
        temperature: divides the scores before the softmax.
    """

    network: RecallNetwork
    temperature: float = 1.0
    name: str = "attention"

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: softmax over all items; zeros for an empty history."""
        table = catalog_vectors(self.network)
        states = torch.from_numpy(encode(self.network, histories)).to(table.device)
        odds: npt.NDArray[np.float32]
        odds = (states @ table.T / self.temperature).softmax(1).cpu().numpy()
        odds[histories.lengths == 0] = 0.0
        return odds


@torch.no_grad()
def catalog_vectors(network: RecallNetwork) -> Tensor:
    """Return float32[n, d], the vectors of all products as they are when serving."""
    was_training = network.training
    network.eval()
    table = network.vectors()
    network.train(was_training)
    return table.detach()


def encode(network: RecallNetwork, histories: Sequences) -> npt.NDArray[np.float32]:
    """Return float32[s, d]: the state after the newest event; zeros for an empty history."""
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    states = np.zeros((len(histories.lengths), network.config.d), dtype=np.float32)
    known = np.flatnonzero(histories.lengths)
    order = known[np.argsort(histories.lengths[known], kind="stable")]
    for start in range(0, len(order), _ROWS):
        rows = order[start : start + _ROWS]
        events = events_on(last_windows(histories, network.config, rows), device)
        states[rows] = network.last_states(events).float().cpu().numpy()
    network.train(was_training)
    return states


def evaluate(
    network: RecallNetwork,
    histories: Sequences,
    targets: npt.NDArray[np.integer],
    *,
    k: int = 10,
    withhold_seen: bool,
) -> dict[str, float]:
    """Return NDCG@k and HR@k of the next item over the whole catalog.

    Args:
        network: the network.
        histories: s histories without their targets.
        targets: int[s].
        k: length of the list.
        withhold_seen: whether items of the history are left out of the ranking.
    """
    table = catalog_vectors(network)
    states = torch.from_numpy(encode(network, histories)).to(table.device)
    ranks = [np.zeros(0)]
    for start in range(0, len(targets), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(targets)))
        scores = (states[rows] @ table.T).cpu().numpy()
        if withhold_seen:
            seen = histories.take(rows).matrix().tocoo()
            scores[seen.row, seen.col] = -np.inf
        ranks.append(target_ranks(scores, targets[rows]))
    places = np.concatenate(ranks)
    return {f"ndcg@{k}": ndcg(places, k), f"hr@{k}": hit_rate(places, k)}

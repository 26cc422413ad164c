"""Embedding attention: each event asks which earlier ones matter, and the answer is one vector.

At the moment j of a history, with x_i the vectors of its events and q_j that of the newest:

    e_ij  = w . tanh(V x_i + U q_j + b)      (additive: Bahdanau et al., 2015, arXiv:1409.0473)
    e_ij  = x_i . M q_j                      (bilinear: Luong et al., 2015, arXiv:1508.04025)
    u_j   = W sum_i softmax_i(e_ij) x_i      i <= j
    logit = u_j . x_k                        for every product k, then one softmax

Early papers score ``e_ij = V x_i + U q_j + b``. Under a softmax over i, U q_j + b is the same for
every i and cancels: the attention no longer asks anything. The hyperbolic tangent, or a product of
both, keeps the question. Their softmax over an output that is a softmax already flattens the
answer, and a loss on ``sigmoid(tanh(.))`` never reaches its labels, since that lies in
[0.27, 0.73]; here the loss is cross-entropy on logits. Attention of this form over items of a
session, asked by the newest, is that of Liu et al., 2018, "STAMP" (KDD).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recommender.attention.dropout import ByteDropout
from recommender.attention.losses.sampled_softmax import sampled_softmax
from recommender.baselines.sequences import Sequences
from recommender.comparison.descent import Descent, descend
from recommender.comparison.windows import Windows, newest_windows, training_windows

_ROWS = 1024
_DESCENT = Descent(passes=20, rate=5e-3)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingAttentionSettings:
    """Size and training of the network.

    Attributes:
        d: width of a vector.
        history: newest events that are read.
        score: "bilinear" or "additive".
        dropout: share of a vector's components dropped in training.
        negatives: wrong products a batch is compared with.
        descent: how it is trained.
    """

    d: int = 64
    history: int = 30
    score: str = "bilinear"
    dropout: float = 0.3
    negatives: int = 512
    descent: Descent = _DESCENT


class AdditiveScore(nn.Module):
    """``w . tanh(V x + U q + b)``."""

    def __init__(self, d: int) -> None:
        """Make V and b, U and w for vectors of width ``d``."""
        super().__init__()
        self.key, self.query = nn.Linear(d, d), nn.Linear(d, d, bias=False)
        self.weight = nn.Linear(d, 1, bias=False)

    def forward(self, x: Tensor, q: Tensor) -> Tensor:
        """Return float[B, J, I] for x float[B, I, d] and q float[B, J, d]."""
        joint = torch.tanh(self.key(x)[:, None] + self.query(q)[:, :, None])  # B, J, I, d
        scores: Tensor = self.weight(joint).squeeze(-1)
        return scores


class BilinearScore(nn.Module):
    """``x . M q``."""

    def __init__(self, d: int) -> None:
        """Make M for vectors of width ``d``."""
        super().__init__()
        self.matrix = nn.Linear(d, d, bias=False)
        self.scale = 1 / math.sqrt(d)

    def forward(self, x: Tensor, q: Tensor) -> Tensor:
        """Return float[B, J, I] for x float[B, I, d] and q float[B, J, d]."""
        scores: Tensor = self.matrix(q) @ x.transpose(1, 2) * self.scale
        return scores


SCORES = {"additive": AdditiveScore, "bilinear": BilinearScore}


class EmbeddingAttentionNetwork(nn.Module):
    """Item vectors and one attention over them."""

    def __init__(self, n: int, settings: EmbeddingAttentionSettings) -> None:
        """Make the network for ``n`` items.

        Raises:
            KeyError: the score has no such name.
        """
        super().__init__()
        self.table = nn.Embedding(n, settings.d)
        nn.init.normal_(self.table.weight, std=0.05)
        self.score = SCORES[settings.score](settings.d)
        self.out = nn.Linear(settings.d, settings.d)
        self.dropout = ByteDropout(settings.dropout)

    def forward(self, items: Tensor, *, newest: Tensor | None = None) -> Tensor:
        """Return u, float[B, T, d]: the vector of the shopper after each event.

        Args:
            items: int64[B, T], padded at the right.
            newest: int64[B], position of the one event that asks; the result is float[B, 1, d].
        """
        vectors = self.dropout(self.table(items))  # B, T, d
        places = torch.arange(items.shape[1])
        if newest is None:
            asking, moments = vectors, places[None, :]
        else:
            asking = vectors[torch.arange(len(items)), newest][:, None]
            moments = newest[:, None]
        later = places[None, None, :] > moments[:, :, None]  # 1 or B, J, I
        scores = self.score(vectors, asking).masked_fill(later, -torch.inf)
        states: Tensor = self.out(self.dropout(scores.softmax(dim=-1) @ vectors))
        return states


@dataclass(frozen=True, slots=True)
class EmbeddingAttention:
    """The trained network as a component."""

    network: EmbeddingAttentionNetwork
    history: int
    name: str = "embedding-attention"

    @classmethod
    def fit(
        cls,
        events: Sequences,
        settings: EmbeddingAttentionSettings | None = None,
        *,
        seed: int = 0,
        cpu_seconds: float = 60.0,
    ) -> EmbeddingAttention:
        """Train on every event that has one before it.

        Args:
            events: the training events.
            settings: size and training.
            seed: of everything drawn.
            cpu_seconds: see `recommender.comparison.descent`.
        """
        chosen = settings or EmbeddingAttentionSettings()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = EmbeddingAttentionNetwork(events.n, chosen)
            count = max(1, min(chosen.negatives, events.n - 1))

            def loss(windows: Windows, draw: torch.Generator) -> Tensor:
                items = torch.from_numpy(windows.items)
                real = (
                    torch.arange(items.shape[1] - 1)
                    < torch.from_numpy(windows.lengths - 1)[:, None]
                )
                negatives = torch.randint(events.n, (count,), generator=draw)
                states, targets = network(items[:, :-1])[real], items[:, 1:][real]
                return sampled_softmax(states, targets, negatives, network.table, n=events.n)

            windows = training_windows(events, history=chosen.history)
            descend(network, loss, windows, chosen.descent, seed=seed, cpu_seconds=cpu_seconds)
        return cls(network, chosen.history)

    @torch.no_grad()
    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: the softmax over all products; zeros for an empty history."""
        windows = newest_windows(histories, history=self.history)
        answers = np.zeros((len(windows.lengths), histories.n), dtype=np.float32)
        known = np.flatnonzero(windows.lengths)
        for start in range(0, len(known), _ROWS):
            rows = known[start : start + _ROWS]
            batch = windows.take(rows)
            newest = torch.from_numpy(batch.lengths - 1)
            states = self.network(torch.from_numpy(batch.items), newest=newest)[:, 0]
            answers[rows] = (states @ self.network.table.weight.T).softmax(dim=1).numpy()
        return answers

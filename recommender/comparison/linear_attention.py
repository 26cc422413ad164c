"""Linear attention: events weigh by the feedback they carry, in proportion and without a softmax.

With F_i the feedback of event i (its weight, which depends on the kind) and g in (0, 1) learned:

    A_ji    = g^(j-i) F_i / sum_k g^(j-k) F_k               attention over the events i <= j
    p_j     = sum_i A_ji r_i                                the shopper, as a vector
    logit_k = b_k + c_k Phi_jk + p_j . q_k                  every product k
    Phi_jk  = sum of g^(j-i) F_i over the events i <= j on product k

Early papers write the attention of shopper u as ``softmax_i(a_u + b_u + c_i F_ui)``. Over items,
a_u and b_u are the same for each and cancel, so two shoppers with the same feedback get the same
answer whoever they are. What tells shoppers apart must multiply with what tells items apart:
p_j . q_k. Their loss, cross-entropy on ``sigmoid(tanh(.))``, lies in [0.27, 0.73] and can reach
neither label; here it is binary cross-entropy on logits, over the product that followed and wrong
ones drawn evenly.

A sum of item vectors as the shopper is that of Kabbur, Ning and Karypis, 2013, "FISM" (KDD);
attention that is linear in its weights, of Katharopoulos et al., 2020, arXiv:2006.16236.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from recommender.attention.dropout import ByteDropout
from recommender.attention.losses.sampled_softmax import accidental_hits
from recommender.baselines.sequences import Sequences
from recommender.comparison.descent import Descent, descend
from recommender.comparison.windows import Windows, newest_windows, training_windows

_ROWS = 1024
_DESCENT = Descent(passes=20, rate=1e-2)
_RARE = (
    -5.0
)  # logit of a product nobody is known to want, so that training starts near the base rate


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearAttentionSettings:
    """Size and training of the network.

    Attributes:
        d: width of a vector.
        history: newest events that are read.
        dropout: share of a shopper vector's components dropped in training.
        negatives: wrong products a batch is compared with.
        descent: how it is trained.
    """

    d: int = 64
    history: int = 30
    dropout: float = 0.3
    negatives: int = 256
    descent: Descent = _DESCENT


class LinearAttentionNetwork(nn.Module):
    """Vectors r of what was done, vectors q of what may follow, and how fast the past fades."""

    def __init__(self, n: int, settings: LinearAttentionSettings) -> None:
        """Make the network for ``n`` items."""
        super().__init__()
        self.done, self.next = nn.Embedding(n, settings.d), nn.Embedding(n, settings.d)
        for table in (self.done, self.next):
            nn.init.normal_(table.weight, std=0.1)
        self.base = nn.Parameter(torch.full((n,), _RARE))
        self.again = nn.Parameter(torch.zeros(n))
        self.fading = nn.Parameter(torch.tensor(0.0))
        self.dropout = ByteDropout(settings.dropout)

    def influence(self, weights: Tensor) -> Tensor:
        """Return g^(j-i) F_i, float[B, J, I], 0 where i > j; ``weights`` are F, float[B, I]."""
        places = torch.arange(weights.shape[1])
        gaps = places[:, None] - places[None, :]
        faded = torch.sigmoid(self.fading) ** gaps.clamp(min=0)
        return torch.where(gaps >= 0, faded, 0.0) * weights[:, None, :]

    def shopper(self, items: Tensor, influence: Tensor) -> Tensor:
        """Return p, float[B, J, d], for items int64[B, I] and influence float[B, J, I]."""
        attention = influence / influence.sum(dim=-1, keepdim=True).clamp(min=1e-9)
        vectors: Tensor = self.dropout(attention @ self.done(items))
        return vectors

    def logits(self, shoppers: Tensor, fed: Tensor, products: Tensor) -> Tensor:
        """Return the logits of products.

        Args:
            shoppers: float[..., d].
            fed: float[..., K], feedback already given to each product, Phi.
            products: int64[K], or int64[...] for one product a row, with fed float[...].
        """
        vectors: Tensor = self.next(products)
        pairs = vectors.dim() == shoppers.dim() and products.shape == fed.shape
        met = (shoppers * vectors).sum(dim=-1) if pairs else shoppers @ vectors.T
        logits: Tensor = met + self.base[products] + self.again[products] * fed
        return logits


@dataclass(frozen=True, slots=True)
class LinearAttention:
    """The trained network as a component."""

    network: LinearAttentionNetwork
    history: int
    name: str = "linear-attention"

    @classmethod
    def fit(
        cls,
        events: Sequences,
        settings: LinearAttentionSettings | None = None,
        *,
        seed: int = 0,
        cpu_seconds: float = 60.0,
    ) -> LinearAttention:
        """Train on every event that has one before it.

        Args:
            events: the training events.
            settings: size and training.
            seed: of everything drawn.
            cpu_seconds: see `recommender.comparison.descent`.
        """
        chosen = settings or LinearAttentionSettings()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = LinearAttentionNetwork(events.n, chosen)
            count = max(1, min(chosen.negatives, events.n - 1))

            def loss(windows: Windows, draw: torch.Generator) -> Tensor:
                negatives = torch.randint(events.n, (count,), generator=draw)
                return _binary_cross_entropy(network, windows, negatives)

            windows = training_windows(events, history=chosen.history)
            descend(network, loss, windows, chosen.descent, seed=seed, cpu_seconds=cpu_seconds)
        return cls(network, chosen.history)

    @torch.no_grad()
    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n]: the softmax over all products; zeros for an empty history."""
        windows = newest_windows(histories, history=self.history)
        answers = np.zeros((len(windows.lengths), histories.n), dtype=np.float32)
        known = np.flatnonzero(windows.lengths)
        every = torch.arange(histories.n)
        for start in range(0, len(known), _ROWS):
            rows = known[start : start + _ROWS]
            batch = windows.take(rows)
            items = torch.from_numpy(batch.items)
            newest = torch.from_numpy(batch.lengths - 1)
            influence = self.network.influence(torch.from_numpy(batch.weights))
            influence = influence[torch.arange(len(rows)), newest][:, None]  # B, 1, I
            fed = torch.zeros(len(rows), histories.n).scatter_add_(1, items, influence[:, 0])
            shoppers = self.network.shopper(items, influence)[:, 0]
            answers[rows] = self.network.logits(shoppers, fed, every).softmax(dim=1).numpy()
        return answers


def _binary_cross_entropy(
    network: LinearAttentionNetwork, windows: Windows, negatives: Tensor
) -> Tensor:
    """Return the mean over targets of the loss of the right product plus that of K wrong ones."""
    items = torch.from_numpy(windows.items)
    read, targets = items[:, :-1], items[:, 1:]
    real = torch.arange(read.shape[1]) < torch.from_numpy(windows.lengths - 1)[:, None]
    influence = network.influence(torch.from_numpy(windows.weights)[:, :-1])
    shoppers = network.shopper(read, influence)[real]  # M, d
    to_target = (read[:, None, :] == targets[:, :, None]).float()  # B, J, I
    fed_target = (influence * to_target).sum(dim=-1)[real]
    fed_negatives = (influence @ (read[:, :, None] == negatives).float())[real]  # M, K
    targets = targets[real]
    right = functional.softplus(-network.logits(shoppers, fed_target, targets))
    logits = network.logits(shoppers, fed_negatives, negatives)
    logits = logits.index_put(accidental_hits(targets, negatives), logits.new_full((), -torch.inf))
    return (right + functional.softplus(logits).sum(dim=1)).mean()

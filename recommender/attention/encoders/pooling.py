"""A head: the state of an event, joined with a pool of all states that it asks.

Source: NARM (Li et al., 2017, arXiv:1711.04725): the newest state says where the shopper is, the
pool what the visit is for.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recommender.attention.config import NetworkConfig
from recommender.attention.encoders.attention import HIDDEN
from recommender.attention.encoders.scores import score_function


class Pool(nn.Module):
    """Attention of one head over the states, then a linear map of state and pool."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.looks_ahead = config.encoder == "bidirectional"
        self.norm = nn.LayerNorm(config.d, bias=False)
        self.query = nn.Linear(config.d, config.d, bias=False)
        self.key = nn.Linear(config.d, config.d, bias=False)
        self.score = score_function(config.score, heads=1, width=config.d)
        self.output = nn.Linear(2 * config.d, config.d, bias=False)

    def forward(self, states: Tensor, lengths: Tensor | None, *, newest: bool = False) -> Tensor:
        """Map float[B, T, D] to float[B, T, D], or to float[B, 1, D] for the ``newest`` event.

        An event asks itself and earlier ones; behind an encoder that looks both ways, all.
        """
        states = self.norm(states)
        steps = torch.arange(states.shape[1], device=states.device)
        asking, places = (states[:, -1:], steps[-1:]) if newest else (states, steps)
        scores = self.score(self.query(asking)[:, None], self.key(states)[:, None])[:, 0]
        if not self.looks_ahead:
            scores = scores + torch.where(places[:, None] < steps, HIDDEN, 0.0)
        elif lengths is not None:
            scores = scores + torch.where(steps >= lengths[:, None, None], HIDDEN, 0.0)
        pooled = scores.softmax(dim=-1) @ states  # B, Q, D
        joined: Tensor = self.output(torch.cat([asking, pooled], dim=-1))
        return joined

"""What an event says: its product, its place, the time since the one before, and what was done."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recommender.attention.config import ATTENDING, NetworkConfig
from recommender.attention.encoders.buckets import DWELL_BUCKETS, TIME_BUCKETS, time_bucket


class EventReader(nn.Module):
    """The vector of a product plus a learned vector for each other input of the event.

    A masked event says where and when it was, not what it was: its product, kind, dwell and price
    band give way to a learned vector (BERT4Rec; Sun et al., 2019, arXiv:1904.06690).
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.scale = config.d**0.5
        attends = config.encoder in ATTENDING
        self.position = nn.Embedding(config.window, config.d) if attends else None
        self.gap = nn.Embedding(TIME_BUCKETS, config.d) if config.timed else None
        self.kind = nn.Embedding(config.kinds, config.d) if config.kinds else None
        self.dwell = nn.Embedding(DWELL_BUCKETS, config.d) if config.dwell else None
        self.band = nn.Embedding(config.bands, config.d) if config.bands else None
        masks = config.encoder == "bidirectional"
        self.mask = nn.Parameter(torch.zeros(config.d)) if masks else None

    def initialize(self) -> None:
        """Begin with small vectors; a network draws them after all its other weights."""
        for part in (self.position, self.gap, self.kind, self.dwell, self.band):
            if part is not None:
                nn.init.normal_(part.weight, std=0.02)
        if self.mask is not None:
            nn.init.normal_(self.mask, std=0.02)

    def forward(
        self,
        vectors: Tensor,
        ages: Tensor,
        lengths: Tensor | None,
        *,
        kinds: Tensor | None = None,
        dwell: Tensor | None = None,
        bands: Tensor | None = None,
        masked: Tensor | None = None,
    ) -> Tensor:
        """Return float[B, T, D]; arguments as in `recommender.attention.encoders.encoder`.

        Raises:
            ValueError: an input that the network reads is missing.
        """
        x = vectors * self.scale
        if self.kind is not None:
            x = x + self.kind(_given("kinds", kinds))
        if self.dwell is not None:
            x = x + self.dwell(time_bucket(_given("dwell", dwell), DWELL_BUCKETS))
        if self.band is not None:
            x = x + self.band(_given("bands", bands))
        if self.mask is not None and masked is not None:
            x = torch.where(masked[..., None], self.mask, x)
        if self.position is not None:
            x = x + self.position(self._places(ages, lengths))
        if self.gap is not None:
            previous = torch.cat([ages[:, :1], ages[:, :-1]], dim=1)
            x = x + self.gap(time_bucket(previous - ages))
        read: Tensor = x
        return read

    def _places(self, ages: Tensor, lengths: Tensor | None) -> Tensor:
        """Return int64[T] or int64[B, T]: places counted from the newest event."""
        assert self.position is not None
        T = ages.shape[1]
        steps = torch.arange(T, device=ages.device)
        from_end = T - 1 - steps if lengths is None else lengths[:, None] - 1 - steps
        return from_end.clamp(0, self.position.num_embeddings - 1)


def _given(name: str, values: Tensor | None) -> Tensor:
    if values is None:
        raise ValueError(f"The network reads {name}; none were given.")
    return values

"""The encoder: vectors of the events -> states; the part that is exported to ONNX."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recommender.attention.config import ATTENDING, NetworkConfig
from recommender.attention.dropout import ByteDropout
from recommender.attention.encoders.convolution import Convolutional
from recommender.attention.encoders.pooling import Pool
from recommender.attention.encoders.reach import AdaptiveSpan
from recommender.attention.encoders.reading import EventReader
from recommender.attention.encoders.recurrent import Recurrent
from recommender.attention.encoders.transformer import Transformer


class Encoder(nn.Module):
    """Reads events, lets a body mix them, and takes states from a head."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.read = EventReader(config)
        self.drop = ByteDropout(config.dropout)
        self.body = _body(config)
        self.norm = nn.LayerNorm(config.d, bias=False)
        self.pool = Pool(config) if config.head == "pool" else None
        self.read.initialize()

    def forward(
        self,
        vectors: Tensor,
        ages: Tensor,
        lengths: Tensor | None = None,
        *,
        kinds: Tensor | None = None,
        dwell: Tensor | None = None,
        bands: Tensor | None = None,
        masked: Tensor | None = None,
        newest: bool = False,
    ) -> Tensor:
        """Return float[B, T, D], the state after each event.

        Args:
            vectors: float[B, T, D], vectors of the products, oldest event first.
            ages: float[B, T], seconds before the newest event of the row.
            lengths: int64[B], real events of each row; None means that nothing is padded.
            kinds: int64[B, T], kinds of the events; read when the configuration names them.
            dwell: float[B, T], seconds the product was looked at; likewise.
            bands: int64[B, T], price bands of the products; likewise.
            masked: bool[B, T], events whose product a bidirectional encoder must guess.
            newest: return float[B, 1, D], the state after the newest event alone; the last block
                then computes no other.

        Raises:
            ValueError: an input that the network reads is missing.
        """
        x = self.read(vectors, ages, lengths, kinds=kinds, dwell=dwell, bands=bands, masked=masked)
        alone = newest and self.pool is None
        states: Tensor = self.body(self.drop(x), ages, lengths, newest=alone)
        if self.pool is not None:
            states = self.pool(states, lengths, newest=newest)
        states = self.norm(states)
        return states

    def answer(
        self,
        vectors: Tensor,
        ages: Tensor,
        *,
        kinds: Tensor | None = None,
        dwell: Tensor | None = None,
        bands: Tensor | None = None,
    ) -> Tensor:
        """Return float[B, D], the state that looks for the next product; rows are not padded.

        A bidirectional encoder guesses a masked event, appended at the moment of the newest one.
        """
        masked = None
        if self.config.encoder == "bidirectional":
            vectors, ages = _with_zero(vectors), _with_zero(ages)
            kinds, dwell, bands = (
                None if given is None else _with_zero(given) for given in (kinds, dwell, bands)
            )
            steps = torch.arange(ages.shape[1], device=ages.device)
            masked = (steps == ages.shape[1] - 1).expand(ages.shape[0], -1)
        states = self(
            vectors, ages, kinds=kinds, dwell=dwell, bands=bands, masked=masked, newest=True
        )
        newest: Tensor = states[:, 0]
        return newest

    def penalty(self) -> Tensor:
        """Return what the spans of heads add to the loss, a scalar; 0 unless they are learned."""
        costs = [part.cost() for part in self.modules() if isinstance(part, AdaptiveSpan)]
        return torch.stack(costs).mean() if costs else self.norm.weight.new_zeros(())


def _body(config: NetworkConfig) -> Transformer | Recurrent | Convolutional:
    if config.encoder in ATTENDING:
        return Transformer(config)
    return Convolutional(config) if config.encoder == "cnn" else Recurrent(config)


def _with_zero(rows: Tensor) -> Tensor:
    """Return rows [B, T, ...] with one column of zeros at the right."""
    return torch.cat([rows, torch.zeros_like(rows[:, :1])], dim=1)

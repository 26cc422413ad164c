"""A recurrent network over the events of a shopper.

Sources: GRU4Rec (Hidasi et al., 2016, arXiv:1511.06939); with a pool over all states, NARM (Li et
al., 2017, arXiv:1711.04725); gated recurrent units (Cho et al., 2014, arXiv:1406.1078); long
short-term memory (Hochreiter and Schmidhuber, 1997).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recommender.attention.config import NetworkConfig
from recommender.attention.dropout import ByteDropout

LAYERS = {"gru": nn.GRU, "lstm": nn.LSTM}
SCHEMA = "(Tensor x, Tensor inner, Tensor outer, Tensor inner_bias, Tensor outer_bias) -> Tensor"


class Recurrent(nn.Module):
    """Layers of GRU or LSTM, oldest event first, then a linear map of the state."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.kind = config.encoder
        self.layers = nn.ModuleList(
            LAYERS[self.kind](config.d, config.d, batch_first=True) for _ in range(config.layers)
        )
        self.drop = ByteDropout(config.dropout)
        self.output = nn.Linear(config.d, config.d, bias=False)

    def forward(
        self, x: Tensor, ages: Tensor, lengths: Tensor | None, *, newest: bool = False
    ) -> Tensor:
        """Map float[B, T, D] to float[B, T, D], or to float[B, 1, D] for the ``newest`` event."""
        del ages, lengths  # padding lies at the right: it is read after every real event
        for layer in self.layers:
            x = self.drop(self._states(layer, x))
        states: Tensor = self.output(x[:, -1:] if newest else x)
        return states

    def _states(self, layer: nn.Module, x: Tensor) -> Tensor:
        """Return float[B, T, D]; a graph gets an operator of its own, for torch's fixes T."""
        if not torch.compiler.is_exporting():
            states: Tensor = layer(x)[0]
            return states
        operator = gru_states if self.kind == "gru" else lstm_states
        exported: Tensor = operator(x, *layer.parameters())
        return exported


@torch.library.custom_op("attention::gru_states", mutates_args=(), schema=SCHEMA)
def gru_states(
    x: Tensor, inner: Tensor, outer: Tensor, inner_bias: Tensor, outer_bias: Tensor
) -> Tensor:
    """Return float[B, T, D], the states of one layer of GRU that begins with zeros."""
    begin = x.new_zeros(1, len(x), outer.shape[1])
    weights = [inner, outer, inner_bias, outer_bias]
    return torch.gru(x, begin, weights, True, 1, 0.0, False, False, True)[0]


@torch.library.custom_op("attention::lstm_states", mutates_args=(), schema=SCHEMA)
def lstm_states(
    x: Tensor, inner: Tensor, outer: Tensor, inner_bias: Tensor, outer_bias: Tensor
) -> Tensor:
    """Return float[B, T, D], the states of one layer of LSTM that begins with zeros."""
    begin = x.new_zeros(1, len(x), outer.shape[1])
    weights = [inner, outer, inner_bias, outer_bias]
    return torch.lstm(x, [begin, begin], weights, True, 1, 0.0, False, False, True)[0]


@gru_states.register_fake
@lstm_states.register_fake
def _shape(
    x: Tensor, inner: Tensor, outer: Tensor, inner_bias: Tensor, outer_bias: Tensor
) -> Tensor:
    del inner, inner_bias, outer_bias
    return x.new_empty(x.shape[0], x.shape[1], outer.shape[1])

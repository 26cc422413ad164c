"""A convolutional network over the events of a shopper: NextItNet.

Source: Yuan et al., 2019, arXiv:1808.05163: residual blocks of two dilated causal convolutions.
"""

from __future__ import annotations

from torch import Tensor, nn

from recommender.attention.config import NetworkConfig
from recommender.attention.dropout import ByteDropout

KERNEL = 3


class Convolutional(nn.Module):
    """Residual blocks; dilations double from layer to layer while a kernel fits the history."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        dilations = [1]
        while dilations[-1] * 2 * (KERNEL - 1) < config.history:
            dilations.append(dilations[-1] * 2)
        layers = [dilations[number % len(dilations)] for number in range(2 * config.layers)]
        pairs = zip(layers[::2], layers[1::2], strict=True)
        self.blocks = nn.ModuleList(
            ResidualBlock(config.d, pair, dropout=config.dropout) for pair in pairs
        )

    def forward(
        self, x: Tensor, ages: Tensor, lengths: Tensor | None, *, newest: bool = False
    ) -> Tensor:
        """Map float[B, T, D] to float[B, T, D], or to float[B, 1, D] for the ``newest`` event."""
        del ages, lengths  # padding lies at the right: no real event sees it
        for block in self.blocks:
            x = block(x)
        return x[:, -1:] if newest else x


class ResidualBlock(nn.Module):
    """Norm, ReLU and causal convolution, twice, added to the input."""

    def __init__(self, d: int, dilations: tuple[int, int], *, dropout: float) -> None:
        super().__init__()
        self.dilations = dilations
        self.norms = nn.ModuleList(nn.LayerNorm(d, bias=False) for _ in dilations)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(d, d, KERNEL, dilation=dilation) for dilation in dilations
        )
        self.drop = ByteDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map float[B, T, D] to float[B, T, D]."""
        y = x
        parts = zip(self.norms, self.convolutions, self.dilations, strict=True)
        for norm, convolution, dilation in parts:
            read = nn.functional.relu(norm(y)).transpose(1, 2)
            y = convolution(nn.functional.pad(read, ((KERNEL - 1) * dilation, 0))).transpose(1, 2)
        states: Tensor = x + self.drop(y)
        return states

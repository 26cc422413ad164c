"""The recall network: vectors of products, and an encoder that turns a history into a state.

A product is wanted as much as its vector agrees with the state, by their inner product. One set of
vectors serves as input and output (tied embeddings).

Shapes: B sequences, T events, D width, N items.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recommender.attention.config import NetworkConfig
from recommender.attention.content.features import ProductContent
from recommender.attention.content.tower import ContentTower
from recommender.attention.encoders.encoder import Encoder
from recommender.attention.inputs import Events


class RecallNetwork(nn.Module):
    """Product table, content tower and encoder."""

    bands: Tensor | None

    def __init__(
        self,
        config: NetworkConfig,
        *,
        content: ProductContent | None = None,
        bands: Tensor | None = None,
    ) -> None:
        """Draw the weights from torch's generator.

        Args:
            config: see `NetworkConfig`.
            content: features of the catalog; without them a network with a tower can be loaded and
                exported, not asked.
            bands: int[N], price band of each product; likewise.

        Raises:
            ValueError: content or bands do not fit the configuration.
        """
        super().__init__()
        if bands is not None and (len(bands) != config.n or int(bands.max()) >= config.bands):
            raise ValueError(f"Price bands do not fit {config.n} items in {config.bands} bands.")
        if content is not None and len(content) != config.n:
            raise ValueError(f"Content of {len(content)} products does not fit {config.n} items.")
        self.config = config
        self.table = nn.Embedding(config.n, config.d)
        self.encoder = Encoder(config)
        nn.init.normal_(self.table.weight, std=config.d**-0.5)
        shape = config.content
        self.tower = None if shape is None else ContentTower(shape, config.d, content)
        kept = bands.long() if bands is not None and config.bands else None
        self.register_buffer("bands", kept, persistent=False)

    def vectors(self, items: Tensor | None = None) -> Tensor:
        """Return float[..., D], the vectors of ``items`` (int64[...]), or float[N, D] of all.

        In training with a content tower, some products do without their own row, the same ones
        until the next call of the network.
        """
        if self.tower is not None and items is None:
            items = torch.arange(self.config.n, device=self.table.weight.device)
        rows: Tensor = self.table.weight if items is None else self.table(items)
        return rows if self.tower is None or items is None else self.tower.placed(rows, items)

    @torch.no_grad()
    def place_by_content(self, items: Tensor) -> None:
        """Clear the own rows of ``items``, int64[m]: their attributes alone place them.

        For products without a training event, whose rows could only say that they were never the
        answer. Without a content tower nothing changes.
        """
        if self.tower is not None:
            self.table.weight[items] = 0

    def forward(self, events: Events) -> Tensor:
        """Return float[B, T, D]: the state after each event.

        Of a bidirectional encoder, the states of masked events, items N, guess their product.
        """
        if events.items.shape[1] > self.longest:
            found = events.items.shape[1]
            raise ValueError(f"{found} events are more than the {self.longest} that are read.")
        if self.tower is not None and self.training:
            self.tower.redraw()
        items, masked = events.items, None
        if self.config.encoder == "bidirectional":
            masked = items == self.config.n
            items = items.clamp(max=self.config.n - 1)
        states: Tensor = self.encoder(
            self.vectors(items),
            events.ages,
            events.lengths,
            kinds=events.kinds,
            dwell=events.dwell,
            bands=None if self.bands is None else self.bands[items],
            masked=masked,
        )
        return states

    @torch.no_grad()
    def last_states(self, events: Events) -> Tensor:
        """Return float[B, D]: the state that looks for what follows the last real event."""
        if self.config.encoder == "bidirectional":
            events = self._with_mask(events)
        states = self(events)
        index = (events.lengths - 1)[:, None, None].expand(-1, 1, states.shape[-1])
        newest: Tensor = states.gather(1, index)[:, 0]
        return newest

    @property
    def longest(self) -> int:
        """How many events a row may hold; a bidirectional encoder reads a masked one besides."""
        return self.config.window + (self.config.encoder == "bidirectional")

    def penalty(self) -> Tensor:
        """Return what the encoder adds to the loss, a scalar; 0 unless heads learn their span."""
        return self.encoder.penalty()

    @torch.no_grad()
    def adopt(self, other: RecallNetwork) -> tuple[str, ...]:
        """Take over the weights of ``other`` that have the same name and shape.

        A causal transformer so begins with what a bidirectional one has learned, whose mask and
        biases for later events it has no use for.

        Returns:
            the names of the weights of this network that stay as they were.
        """
        theirs, left = other.state_dict(), []
        for name, tensor in self.state_dict().items():
            if name in theirs and theirs[name].shape == tensor.shape:
                tensor.copy_(theirs[name])
            else:
                left.append(name)
        return tuple(left)

    def _with_mask(self, events: Events) -> Events:
        """Return the events with a masked one after the last of each row, at its moment."""
        steps = torch.arange(events.items.shape[1] + 1, device=events.items.device)
        is_mask = steps == events.lengths[:, None]

        def longer(values: Tensor) -> Tensor:
            added = torch.cat([values, torch.zeros_like(values[:, :1])], dim=1)
            return added.masked_fill(is_mask, 0)

        return Events(
            items=longer(events.items).masked_fill(is_mask, self.config.n),
            ages=longer(events.ages),
            lengths=events.lengths + 1,
            kinds=None if events.kinds is None else longer(events.kinds),
            dwell=None if events.dwell is None else longer(events.dwell),
        )

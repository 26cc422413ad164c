"""Size, shape and inputs of the recall network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from recommender.attention.content.shape import ContentShape

ENCODERS = ("transformer", "bidirectional", "gru", "lstm", "cnn")
SCORES = ("dot", "scaled", "cosine", "additive")
HEADS = ("newest", "pool")
REACHES = ("all", "span", "gate")
ATTENDING = ("transformer", "bidirectional")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Size, shape and inputs of the network; an option that would have no effect is refused.

    Attributes:
        n: number of items.
        d: width of a product vector and of the state.
        layers: blocks.
        heads: attention heads; divides ``d``.
        history: newest events that are read; with ``segments``, events of one segment.
        expansion: width of the feed-forward layer relative to ``d``.
        dropout: share of activations dropped in training.
        timed: whether events have a clock; without one, time gaps are not an input.
        encoder: one of `ENCODERS`, see `recommender.attention.encoders`.
        score: one of `SCORES`: how a query of attention judges a key.
        head: one of `HEADS`: the state is that of the newest event, or a pool of all states,
            weighed by the newest.
        reach: one of `REACHES`: heads see all events, learn how far back they look, or learn how
            much they say.
        segments: segments of ``history`` events that are read.
        frequency: share of a frequency branch beside attention; 0 means none.
        kinds: event kinds that are read, codes below it; 0 means that kinds are not an input.
        dwell: whether the seconds a product was looked at are an input.
        bands: price bands that are read, codes below it; 0 means that they are not an input.
        content: shape of the content tower; None means that a product is its id alone.
    """

    n: int
    d: int = 64
    layers: int = 2
    heads: int = 2
    history: int = 50
    expansion: int = 2
    dropout: float = 0.3
    timed: bool = True
    encoder: str = "transformer"
    score: str = "scaled"
    head: str = "newest"
    reach: str = "all"
    segments: int = 1
    frequency: float = 0.0
    kinds: int = 0
    dwell: bool = False
    bands: int = 0
    content: ContentShape | None = None

    def __post_init__(self) -> None:
        """Refuse unknown choices, and choices that the encoder would ignore.

        Raises:
            ValueError: with the reason.
        """
        for name, known in (
            ("encoder", ENCODERS),
            ("score", SCORES),
            ("head", HEADS),
            ("reach", REACHES),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} {getattr(self, name)!r} is not one of {', '.join(known)}")
        attends = self.encoder in ATTENDING
        if attends and self.d % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a width of {self.d}")
        if not 0 <= self.frequency <= 1:
            raise ValueError("frequency must lie between 0 and 1")
        if min(self.segments, self.history, self.layers) < 1:
            raise ValueError("segments, history and layers must be at least 1")
        if self.segments > 1 and self.encoder != "transformer":
            raise ValueError(f"an encoder {self.encoder!r} does not read segments")
        if not attends and (self.reach != "all" or self.frequency):
            raise ValueError(f"an encoder {self.encoder!r} has neither heads nor frequencies")
        if not attends and self.head == "newest" and self.score != "scaled":
            raise ValueError(f"an encoder {self.encoder!r} without a pool has no score")

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the encoder reads of an event."""
        read = {
            "product": True,
            "position": self.encoder in ATTENDING,
            "gap": self.timed,
            "kind": self.kinds > 0,
            "dwell": self.dwell,
            "band": self.bands > 0,
        }
        return tuple(name for name, is_read in read.items() if is_read)

    @property
    def window(self) -> int:
        """Newest events that are read, over all segments."""
        return self.history * self.segments


def config_from_json(content: Mapping[str, Any]) -> NetworkConfig:
    """Return the configuration that `dataclasses.asdict` made ``content`` of."""
    shape = content.get("content")
    return NetworkConfig(**{**content, "content": None if shape is None else ContentShape(**shape)})


PRESETS: dict[str, NetworkConfig] = {
    "small": NetworkConfig(n=0),
    "base": NetworkConfig(n=0, d=128, heads=4, history=100),
    "large": NetworkConfig(n=0, d=256, layers=4, heads=8, history=200, expansion=3),
}


def preset(name: str, *, n: int, dropout: float, timed: bool) -> NetworkConfig:
    """Return the named configuration for a catalog of ``n`` items.

    Raises:
        ValueError: no such preset.
    """
    if name not in PRESETS:
        raise ValueError(f"preset {name!r} is not one of {', '.join(PRESETS)}")
    return replace(PRESETS[name], n=n, dropout=dropout, timed=timed)

"""A trained network on disk: weights as safetensors, everything else as a JSON card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from recommender.attention.config import config_from_json
from recommender.attention.content.features import ProductContent
from recommender.attention.network import RecallNetwork

WEIGHTS_FILE = "network.safetensors"
CARD_FILE = "network.json"
FORMAT = 2


class CheckpointError(Exception):
    """A checkpoint is missing, unreadable or of another format."""


def save_network(network: RecallNetwork, folder: Path, *, notes: Mapping[str, Any]) -> None:
    """Write weights, then the card with the configuration and ``notes`` (plain JSON)."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, folder / WEIGHTS_FILE)
    card = {"format": FORMAT, "config": asdict(network.config), "notes": dict(notes)}
    draft = folder / f".{CARD_FILE}"
    draft.write_text(json.dumps(card, indent=1, sort_keys=True), encoding="utf-8")
    draft.replace(folder / CARD_FILE)


def load_network(
    folder: Path, *, content: ProductContent | None = None, bands: Tensor | None = None
) -> RecallNetwork:
    """Return the saved network, in evaluation mode.

    Args:
        folder: what `save_network` wrote to.
        content: features of the catalog, which are no part of a checkpoint; needed to ask a
            network with a content tower, not to export it.
        bands: int[N], price band of each product; likewise.

    Raises:
        CheckpointError: missing, unreadable, or of another format.
    """
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        if card["format"] != FORMAT:
            raise CheckpointError(
                f"The checkpoint in {folder} has format {card['format']!r}, this version reads "
                f"{FORMAT}: train the model anew."
            )
        network = RecallNetwork(config_from_json(card["config"]), content=content, bands=bands)
        network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"The checkpoint in {folder} cannot be read: {error}") from error
    network.eval()
    return network

"""A checkpoint comes back whole, or says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from recommender.attention.checkpoint import CheckpointError, load_network, save_network
from recommender.attention.config import NetworkConfig
from recommender.attention.content.features import ProductContent
from recommender.attention.content.shape import ContentShape
from recommender.attention.network import RecallNetwork
from tests.recommender.attention.variants import VARIANTS, events, network


@pytest.mark.parametrize("name", VARIANTS)
def test_a_checkpoint_comes_back_whole(tmp_path: Path, name: str) -> None:
    made = network(name)
    save_network(made, tmp_path, notes={"why": "test"})
    again = load_network(tmp_path, bands=made.bands)
    assert again.config == made.config
    assert not again.training
    assert torch.equal(again.last_states(events(7)), made.last_states(events(7)))


def test_features_of_the_catalog_are_given_anew(tmp_path: Path) -> None:
    # given a network with a content tower
    features = ProductContent(
        indptr=np.array([0, 1, 2, 3]),
        indices=np.array([0, 1, 0], dtype=np.int32),
        data=np.ones(3, dtype=np.float32),
        buckets=2,
        dense=np.ones((3, 2), dtype=np.float32),
    )
    config = NetworkConfig(n=3, d=8, content=ContentShape.of(features))
    made = RecallNetwork(config, content=features).eval()
    assert made.tower is not None
    torch.nn.init.normal_(made.tower.table)
    save_network(made, tmp_path, notes={})
    # then it places products with the features of the catalog, and none without
    again = load_network(tmp_path, content=features)
    assert torch.equal(again.vectors(), made.vectors())
    with pytest.raises(ValueError, match="no content"):
        load_network(tmp_path).vectors()


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("{", "cannot be read"),
        ('{"format": 9}', "has format 9, this version reads 2"),
        ('{"format": 1, "config": {"n": 5}}', "has format 1, this version reads 2: train"),
        ('{"format": 2, "config": {"n": 5, "encoder": "rnn"}}', "'rnn' is not one of"),
        ('{"format": 2, "config": {"n": 5}}', "network.safetensors"),
    ],
)
def test_a_broken_checkpoint_is_refused(tmp_path: Path, card: str, reason: str) -> None:
    (tmp_path / "network.json").write_text(card)
    with pytest.raises(CheckpointError, match=reason):
        load_network(tmp_path)

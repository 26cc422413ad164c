"""Training with a content tower: what it learns of products that nobody met, and repeats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from recommender.attention.config import NetworkConfig
from recommender.attention.content.attributes import ProductRow, clean_attributes
from recommender.attention.content.features import product_content
from recommender.attention.content.shape import ContentShape
from recommender.attention.dataset import SequenceDataset
from recommender.attention.loop import train
from recommender.attention.network import RecallNetwork
from recommender.attention.settings import LoopSettings
from tests.recommender.synthetic import checkerboard, sequences

MET, N = 20, 24
"""Items 20 to 23 are in no event; 20 and 21 share a tag with met items, 22 and 23 do not."""
UNMET = torch.arange(MET, N)
CONTENT = product_content(
    clean_attributes(
        ProductRow(tags=("unmet",) if item >= 22 else (f"color {item % 2}",)) for item in range(N)
    )
)
SETTINGS = LoopSettings(epochs=2, batch=16, warmup=5, negatives=19, evaluations=2, patience=9)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def fresh() -> RecallNetwork:
    torch.manual_seed(0)
    config = NetworkConfig(
        n=N, d=16, history=10, dropout=0.1, timed=False, content=ContentShape.of(CONTENT)
    )
    network = RecallNetwork(config, content=CONTENT)
    network.place_by_content(UNMET)
    return network


def dataset() -> SequenceDataset:
    return SequenceDataset(sequences(checkerboard(100, n=MET, length=6), n=N), fresh().config)


def learned(network: RecallNetwork, checkpoint: Path | None = None) -> RecallNetwork:
    train(network, dataset(), SETTINGS, validate=lambda _: 0.5, checkpoint=checkpoint)
    return network


def test_an_attribute_that_nobody_met_says_nothing() -> None:
    network = learned(fresh())

    vectors = network.vectors().detach()
    assert vectors[22].abs().sum() == 0
    assert vectors[23].abs().sum() == 0
    assert vectors[20].abs().sum() > 0
    assert network.table.weight[UNMET].abs().sum() == 0


def test_a_product_that_nobody_met_stands_with_those_of_its_color() -> None:
    vectors = learned(fresh()).vectors().detach()

    likeness = vectors[20:22] @ vectors[:MET].T
    same, other = likeness[:, 0::2].mean(dim=1), likeness[:, 1::2].mean(dim=1)
    assert same[0] > other[0]
    assert same[1] < other[1]


def test_a_run_that_was_killed_ends_as_if_it_was_not(tmp_path: Path) -> None:
    def dies(network: RecallNetwork) -> float:
        raise KeyboardInterrupt

    eager = replace(SETTINGS, checkpoint_seconds=0.0)
    with pytest.raises(KeyboardInterrupt):
        train(fresh(), dataset(), eager, validate=dies, checkpoint=tmp_path / "checkpoint.pt")

    resumed = learned(fresh(), tmp_path / "checkpoint.pt").state_dict()

    whole = learned(fresh()).state_dict()
    assert (tmp_path / "checkpoint.pt").exists()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)

"""The exported graph answers what torch answers, at every length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from recommender.attention.checkpoint import CheckpointError, load_network, save_network
from recommender.attention.export import ExportError, LastState, export_encoder, write_graph
from recommender.attention.network import NetworkConfig, RecallNetwork
from recommender.serving.encoder import Encoder

LENGTHS = (1, 2, 7, 12)


def network(*, timed: bool) -> RecallNetwork:
    torch.manual_seed(4)
    made = RecallNetwork(NetworkConfig(n=50, d=32, history=12, timed=timed))
    for parameter in made.encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return made.eval()


def states(made: RecallNetwork, encoder: Encoder, length: int) -> tuple[np.ndarray, np.ndarray]:
    generator = torch.Generator().manual_seed(length)
    items = torch.randint(50, (1, length), generator=generator)
    ages = torch.rand(1, length, generator=generator).sort(descending=True)[0] * 1e6
    ages = ages - ages[:, -1:]
    vectors = made.table(items).detach()
    with torch.no_grad():
        expected = LastState(made.encoder)(vectors, ages)[0].numpy()
    return encoder.state(vectors[0].numpy(), ages[0].numpy()), expected


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("timed", [True, False])
def test_the_graph_equals_torch(tmp_path: Path, timed: bool) -> None:
    made = network(timed=timed)
    save_network(made, tmp_path, notes={})
    write_graph(tmp_path, tmp_path / "encoder.onnx")
    encoder = Encoder(tmp_path / "encoder.onnx", history=12)
    for length in LENGTHS:
        ours, expected = states(made, encoder, length)
        np.testing.assert_allclose(ours, expected, atol=2e-5)


def test_the_subprocess_writes_one_file_that_equals_torch(tmp_path: Path) -> None:
    made = network(timed=True)
    save_network(made, tmp_path, notes={})
    target = tmp_path / "encoder.onnx"
    export_encoder(tmp_path, target)
    encoder = Encoder(target, history=12)
    for length in LENGTHS:
        ours, expected = states(made, encoder, length)
        np.testing.assert_allclose(ours, expected, atol=2e-5)
    assert [path.name for path in tmp_path.glob("*.data")] == []


def test_a_failed_export_says_why_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be read"):
        export_encoder(tmp_path / "missing", tmp_path / "encoder.onnx")
    assert not (tmp_path / "encoder.onnx").exists()


def test_a_checkpoint_comes_back_whole(tmp_path: Path) -> None:
    made = network(timed=True)
    save_network(made, tmp_path, notes={"why": "test"})
    again = load_network(tmp_path)
    assert again.config == made.config
    for name, tensor in made.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])


@pytest.mark.parametrize("content", ["{", '{"format": 9}', '{"format": 1}'])
def test_a_broken_checkpoint_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "network.json").write_text(content)
    with pytest.raises(CheckpointError):
        load_network(tmp_path)

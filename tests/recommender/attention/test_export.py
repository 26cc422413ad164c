"""The exported graph answers what torch answers, at every length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recommender.attention.checkpoint import save_network
from recommender.attention.export import ExportError, export_encoder, graph_inputs, write_graph
from recommender.attention.network import RecallNetwork
from recommender.serving.encoder import open_session
from tests.recommender.attention.variants import VARIANTS, events, network

ALWAYS = ("gru", "bidirectional, every input")
"""One of each way to export, beside the subprocess below; the others are proved at full size."""

EXPORTED = [
    pytest.param(name, marks=() if name in ALWAYS else pytest.mark.deep) for name in VARIANTS
]


def largest_error(made: RecallNetwork, graph: Path) -> float:
    """Return how far the graph is from torch, over every length it reads."""
    session, worst = open_session(graph), 0.0
    for length in range(1, made.config.window + 1):
        given = events(length, seed=length)
        fed = {
            "vectors": made.vectors(given.items).detach(),
            "ages": given.ages,
            "kinds": given.kinds,
            "dwell": given.dwell,
            "bands": None if made.bands is None else made.bands[given.items],
        }
        fed = {name: fed[name] for name in graph_inputs(made.config)}
        (states,) = session.run(
            ["state"], {name: tensor.numpy() for name, tensor in fed.items() if tensor is not None}
        )
        worst = max(worst, float(np.abs(states - made.last_states(given).numpy()).max()))
    return worst


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EXPORTED)
def test_the_graph_equals_torch(tmp_path: Path, name: str) -> None:
    made = network(name, seed=4, std=0.1)
    save_network(made, tmp_path, notes={})
    write_graph(tmp_path, tmp_path / "encoder.onnx")
    names = [each.name for each in open_session(tmp_path / "encoder.onnx").get_inputs()]
    others = ["kinds", "dwell", "bands"] if "every input" in name else []
    assert names == ["vectors", "ages", *others]
    assert largest_error(made, tmp_path / "encoder.onnx") < 1e-5


def test_the_subprocess_writes_one_file_that_equals_torch(tmp_path: Path) -> None:
    made = network(seed=4, std=0.1)
    save_network(made, tmp_path, notes={})
    target = tmp_path / "encoder.onnx"
    export_encoder(tmp_path, target)
    assert largest_error(made, target) < 1e-5
    assert [path.name for path in tmp_path.glob("*.data")] == []


def test_a_failed_export_says_why_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be read"):
        export_encoder(tmp_path / "missing", tmp_path / "encoder.onnx")
    assert not (tmp_path / "encoder.onnx").exists()

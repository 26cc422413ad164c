"""The encoder as ONNX, written by a process of its own.

The exporter prints, warns and keeps memory; a subprocess keeps all of that away from the trainer.
The product table stays outside the graph: it is gathered from ``vectors.npy`` when serving.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from recommender.attention.checkpoint import load_network
from recommender.attention.config import NetworkConfig
from recommender.attention.encoders.encoder import Encoder
from recommender.attention.translation import TRANSLATIONS

OPSET = 18
TIMEOUT_SECONDS = 600
STATE_OUTPUT = "state"


class ExportError(Exception):
    """The graph could not be made; the message holds the end of what the exporter said."""


class LastState(nn.Module):
    """The graph: vectors float[B, T, D] and other inputs [B, T] -> state float[B, D]."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(
        self,
        vectors: Tensor,
        ages: Tensor,
        kinds: Tensor | None = None,
        dwell: Tensor | None = None,
        bands: Tensor | None = None,
    ) -> Tensor:
        """Return the state that looks for the next product; rows are not padded."""
        return self.encoder.answer(vectors, ages, kinds=kinds, dwell=dwell, bands=bands)


def graph_inputs(config: NetworkConfig) -> dict[str, Tensor]:
    """Return an example of each input of the graph, by name: two rows of three events.

    ``vectors`` float[B, T, D] and ``ages`` float[B, T] are inputs of every graph; ``kinds``
    int64[B, T], ``dwell`` float[B, T] and ``bands`` int64[B, T] of one that reads them.
    """
    inputs = {"vectors": torch.zeros(2, 3, config.d), "ages": torch.zeros(2, 3)}
    # one tensor under two names would become one input
    if "kind" in config.inputs:
        inputs["kinds"] = torch.zeros(2, 3, dtype=torch.int64)
    if "dwell" in config.inputs:
        inputs["dwell"] = torch.zeros(2, 3)
    if "band" in config.inputs:
        inputs["bands"] = torch.zeros(2, 3, dtype=torch.int64)
    return inputs


def export_encoder(checkpoint: Path, target: Path) -> None:
    """Write ``target`` from the checkpoint folder, in a subprocess.

    Raises:
        ExportError: the subprocess failed; nothing is written.
    """
    command = [sys.executable, "-m", "recommender.attention.export", str(checkpoint), str(target)]
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(f"The export took longer than {TIMEOUT_SECONDS} s.") from error
    if done.returncode != 0 or not target.exists():
        raise ExportError(f"The export failed: {(done.stderr or done.stdout)[-2000:]}")


def write_graph(checkpoint: Path, target: Path) -> None:
    """Write the graph in this process, with 32-bit weights.

    Dynamic int8 weights of a network this small answer slower, not faster, and move the list: see
    ``docs/explanation/model.md``.
    """
    network = load_network(checkpoint)
    examples = graph_inputs(network.config)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=network.config.window)
    program = torch.onnx.export(
        LastState(network.encoder).eval(),
        kwargs=examples,
        dynamo=True,
        opset_version=OPSET,
        custom_translation_table=TRANSLATIONS,
        input_names=list(examples),
        output_names=[STATE_OUTPUT],
        dynamic_shapes={name: {0: batch, 1: length} for name in examples},
    )
    assert program is not None
    draft = target.with_name(f".{target.name}")
    program.save(str(draft), external_data=False)
    draft.replace(target)


def main() -> None:
    """Export from the command line: checkpoint folder, target file."""
    parser = argparse.ArgumentParser(description="Write the encoder of a checkpoint as ONNX.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_graph(options.checkpoint, options.target)


if __name__ == "__main__":
    main()

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
from recommender.attention.network import Encoder

OPSET = 18
TIMEOUT_SECONDS = 600
VECTORS_INPUT, AGES_INPUT, STATE_OUTPUT = "vectors", "ages", "state"


class ExportError(Exception):
    """The graph could not be made; the message holds the end of what the exporter said."""


class LastState(nn.Module):
    """vectors float[B, T, D], ages float[B, T] -> state float[B, D] after the newest event."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, vectors: Tensor, ages: Tensor) -> Tensor:
        """Return the state after the newest event; rows are not padded."""
        states: Tensor = self.encoder(vectors, ages, newest=True)
        return states[:, 0]


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
    config = network.config
    example = (torch.zeros(2, 3, config.d), torch.zeros(2, 3))
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=config.history)
    program = torch.onnx.export(
        LastState(network.encoder).eval(),
        example,
        dynamo=True,
        opset_version=OPSET,
        input_names=[VECTORS_INPUT, AGES_INPUT],
        output_names=[STATE_OUTPUT],
        dynamic_shapes=({0: batch, 1: length}, {0: batch, 1: length}),
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

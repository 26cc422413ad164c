"""What an engine is told about the job it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """One training job.

    Attributes:
        manifest_dir: arrays to learn from; read only.
        run_dir: where progress, checkpoints and the published folder are written.
        preset: "small", "base" or "large".
        seed: of every random choice.
        cpu_seconds: budget of the network's training.
    """

    manifest_dir: Path
    run_dir: Path
    preset: str
    seed: int
    cpu_seconds: int

"""What an engine is told about the job it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """One training job.

    Attributes:
        manifest_dir: arrays to learn from; read only.
        run_dir: where progress, checkpoints and the published folder are written.
        preset: "small", "base" or "large".
        seed: of every random choice.
        cpu_seconds: budget of the network's training.
        sentence_encoder: folder of an encoder of products' texts; None without one.
        recipe: options of the training set by hand, see `recommender.training.recipe`.
    """

    manifest_dir: Path
    run_dir: Path
    preset: str
    seed: int
    cpu_seconds: int
    sentence_encoder: Path | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)

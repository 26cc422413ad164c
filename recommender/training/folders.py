"""Where runs keep their files, and how they are cleared away."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

from recommender.conf import recommender_settings


def run_dir(run_id: UUID) -> Path:
    """The private folder of one run: ``manifest/``, checkpoints, ``published/``, ``job.log``."""
    return Path(recommender_settings.RUNS_DIR).resolve() / str(run_id)


def manifest_dir(run_id: UUID) -> Path:
    """The arrays a run learns from."""
    return run_dir(run_id) / "manifest"


def sentence_encoder_dir() -> Path | None:
    """The folder of the sentence encoder; None when the shop has none."""
    folder = recommender_settings.SENTENCE_ENCODER
    return Path(folder).resolve() if folder else None


def clear_run(run_id: UUID) -> None:
    """Delete everything a run kept on disk; its row stays."""
    shutil.rmtree(run_dir(run_id), ignore_errors=True)

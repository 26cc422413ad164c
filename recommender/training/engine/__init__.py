"""Where a training job runs. ``TRAIN_ENGINE`` names the one in use."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from recommender.conf import recommender_settings
from recommender.training.engine.job_order import JobOrder


class Engine(Protocol):
    """Starts and watches the process of a job; safe to ask twice."""

    def start(self, order: JobOrder) -> bool:
        """Start the job; False when it is running already."""
        ...

    def is_running(self, run_dir: Path) -> bool:
        """Whether a process works in ``run_dir`` at this moment."""
        ...

    def stop(self, run_dir: Path) -> None:
        """End the process working in ``run_dir``, if any."""
        ...


def get_engine() -> Engine:
    """The engine that ``TRAIN_ENGINE`` names.

    Raises:
        ValueError: the name is not known.
    """
    from recommender.training.engine.local import LocalEngine

    engines: dict[str, type[Engine]] = {"local": LocalEngine}
    name = recommender_settings.TRAIN_ENGINE
    if name not in engines:
        raise ValueError(f"TRAIN_ENGINE {name!r} is unknown; known: {', '.join(engines)}.")
    return engines[name]()

"""What the recommender connects when Django is ready; one line for each subject."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig

CONNECTED = (
    "recommender.checks",
    "recommender.holdings",
    "recommender.events.receivers",
    "recommender.serving.receivers",
)


def connect(config: AppConfig) -> None:
    """Import each module of ``CONNECTED``; each has a ``connect(config)`` function."""
    for name in CONNECTED:
        if find_spec(name) is not None:
            import_module(name).connect(config)

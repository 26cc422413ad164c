"""Registers the tasks that live beside their subjects, for Celery's discovery."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

for subject in ("catalog", "events", "serving", "training"):
    if find_spec(f"recommender.{subject}.tasks"):
        import_module(f"recommender.{subject}.tasks")

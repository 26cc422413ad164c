"""Registers the admin classes that live beside their subjects, for Django's discovery."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

for subject in ("catalog", "events", "imports", "serving", "training"):
    if find_spec(f"recommender.{subject}.admin"):
        import_module(f"recommender.{subject}.admin")

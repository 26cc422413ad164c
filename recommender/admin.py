"""Registers the admin classes that live beside their subjects, for Django's discovery."""

from __future__ import annotations

import recommender.catalog.admin
import recommender.events.admin
import recommender.imports.admin
import recommender.serving.admin
import recommender.training.admin  # noqa: F401

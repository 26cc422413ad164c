"""Registers the tasks that live beside their subjects, for Celery's discovery."""

from __future__ import annotations

import recommender.catalog.tasks
import recommender.interests.tasks
import recommender.serving.tasks
import recommender.training.tasks  # noqa: F401

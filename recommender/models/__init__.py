"""Registers the models that live beside their subjects."""

from __future__ import annotations

from recommender.catalog.models import *  # noqa: F403
from recommender.events.models import *  # noqa: F403
from recommender.imports.models import *  # noqa: F403
from recommender.serving.models import *  # noqa: F403
from recommender.training.models import *  # noqa: F403

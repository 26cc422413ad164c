"""Registers the models that live beside their subjects."""

from __future__ import annotations

from recommender.catalog.models import *
from recommender.events.models import *
from recommender.imports.models import *
from recommender.serving.models import *
from recommender.training.models import *

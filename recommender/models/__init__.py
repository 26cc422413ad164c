"""Registers the models that live beside their subjects."""

from __future__ import annotations

from recommender.catalog.models import Category, Merchant, MerchantMember, Product
from recommender.events.models import Event, KindWeight, RefusalCount, ShopperEvents
from recommender.imports.models import ImportRun, ImportSource
from recommender.interests.models import InterestChoice
from recommender.serving.models import Bestseller, Placement, SlateCount
from recommender.training.models import GateResult, Lesson, ModelVersion, TrainingRun

__all__ = [
    "Bestseller",
    "Category",
    "Event",
    "GateResult",
    "ImportRun",
    "ImportSource",
    "InterestChoice",
    "KindWeight",
    "Lesson",
    "Merchant",
    "MerchantMember",
    "ModelVersion",
    "Placement",
    "Product",
    "RefusalCount",
    "ShopperEvents",
    "SlateCount",
    "TrainingRun",
]

"""Registers the models that live beside their subjects."""

from __future__ import annotations

from recommender.catalog.models import Category, Merchant, MerchantMember, Product
from recommender.events.models import Event, KindWeight, RefusalCount, ShopperEvents
from recommender.imports.models import ImportRun, ImportSource
from recommender.serving.models import Bestseller, Placement, SlateCount
from recommender.training.models import GateResult, ModelVersion, TrainingRun

__all__ = [
    "Bestseller",
    "Category",
    "Event",
    "GateResult",
    "ImportRun",
    "ImportSource",
    "KindWeight",
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

"""A small shop with permitted behavior, and folders of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.utils import timezone
from pytest_django import Settings

from consent.purposes import BANNER_PURPOSES, Purpose
from consent.services import import_decisions
from recommender.catalog.records import ProductRecord
from recommender.catalog.services import mirror_products
from recommender.events.kinds import Kind
from recommender.events.records import ImportedEvent
from recommender.events.services import import_events
from recommender.training.models import ModelVersion
from recommender.training.registry import promote

PRODUCTS = 24
EVIDENCE = "0" * 64

Remember = Callable[..., list[UUID]]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, settings: Settings) -> None:
    settings.ATTENTION_RECOMMENDER = {
        **settings.ATTENTION_RECOMMENDER,
        "RUNS_DIR": str(tmp_path / "runs"),
    }
    storage = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "models", "base_url": None},
    }
    settings.STORAGES = {**settings.STORAGES, "attention": storage}


@pytest.fixture
def site(db: None) -> Site:
    site = Site.objects.get(pk=1)
    mirror_products(
        site=site,
        records=[
            ProductRecord(key=f"p{number}", title=f"Product {number}", price_micros=1_000_000)
            for number in range(PRODUCTS)
        ],
    )
    return site


@pytest.fixture
def remember(site: Site) -> Remember:
    """Import ``count`` people who walk the products in one of two rounds, ``length`` steps each."""

    def remember(
        count: int,
        *,
        length: int = 8,
        purposes: frozenset[Purpose] = BANNER_PURPOSES,
        until: datetime | None = None,
    ) -> list[UUID]:
        people = import_decisions(
            site=site,
            count=count,
            purposes=purposes,
            importer="tests",
            legal_basis="tests",
            evidence_hash=EVIDENCE,
        )
        newest = until or datetime.now(UTC) - timedelta(hours=1)
        import_events(
            site=site,
            rows=[
                ImportedEvent(
                    shopper_id=person.pk,
                    source_id=f"{person.pk}-{step}",
                    kind=Kind.VIEW,
                    occurred_at=newest - timedelta(days=2 * (length - step)),
                    product_key=f"p{(number * 2 + step * 2 + number % 2) % PRODUCTS}",
                )
                for number, person in enumerate(people)
                for step in range(length)
            ],
        )
        return [person.pk for person in people]

    return remember


def new_version(
    site: Site, name: str, *, passed: bool = True, live: bool = False, days_old: int = 0
) -> ModelVersion:
    cut = timezone.now() - timedelta(days=days_old)
    version = ModelVersion.objects.create(site=site, version=name * 64, cut=cut, card={})
    version.gates.create(name="best_part", value=0.1, limit=0.1, passed=passed, message="")
    if live:
        promote(version=version)
    return version

"""A shop of ten products, a model with known transitions, and people of each level."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from benchmarks.synthetic import write_folder
from consent import services as consent_services
from consent.visit import Visit
from consent.visitor import Level, Visitor
from recommender.catalog.models import Category, Product
from recommender.events.kinds import Kind
from recommender.events.services import record
from recommender.serving import counts, live, placements
from recommender.serving.context import SlateContext
from recommender.serving.format import Weights
from recommender.serving.services import serve
from recommender.serving.slate import Slate
from recommender.training.models import ModelVersion, VersionState
from recommender.training.selectors import folder_path
from tests.recommender.serving_django.host import TestHost

START = datetime(2026, 1, 1, tzinfo=UTC)
POPULARITY = [0.01, 0.02, 0.03, 0.04, 0.05, 0.15, 0.15, 0.15, 0.2, 0.2]
"""Shares of p0..p9: p8 and p9 are the most popular, p8 first."""
TRANSITIONS = {0: {1: 0.7, 2: 0.3}, 1: {3: 1.0}, 2: {4: 1.0}}

Publish = Callable[..., ModelVersion]
Ask = Callable[..., Slate]


@pytest.fixture(autouse=True)
def _host(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """The test host, a storage of its own, and a process that remembers nothing."""
    TestHost.reset()
    settings.ATTENTION_RECOMMENDER = {
        **settings.ATTENTION_RECOMMENDER,
        "HOST_ADAPTER": "tests.recommender.serving_django.host.TestHost",
        "SLATE_BUDGET_MS": 5_000,
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "attention": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "models", "base_url": None},
        },
    }
    _forget()
    yield
    _forget()


def _forget() -> None:
    live.forget()
    placements.forget()
    counts.forget()


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get(pk=1)


@pytest.fixture
def category(site: Site) -> Category:
    return Category.objects.create(site=site, host_key="tea", name="Tea")


@pytest.fixture
def products(site: Site, category: Category) -> list[Product]:
    """p0 .. p9, p9 the newest."""
    return [
        Product.objects.create(
            site=site,
            host_key=f"p{number}",
            title=f"Tea {number}",
            category=category,
            price_micros=1_000_000,
            created_at=START + timedelta(days=number),
            updated_at=START,
        )
        for number in range(10)
    ]


@pytest.fixture
def publish(site: Site, products: list[Product]) -> Publish:
    """Publish a model of the ten products and let it answer."""

    def make(version: str = "a" * 64, **changes: Any) -> ModelVersion:
        ModelVersion.objects.filter(site=site).update(state=VersionState.RETIRED)
        row = ModelVersion.objects.create(
            site=site, version=version, state=VersionState.LIVE, cut=START
        )
        values: dict[str, Any] = {
            "products": [product.pk for product in products],
            "popularity": POPULARITY,
            "transitions": TRANSITIONS,
            "weights": Weights(attention=0.0, transitions=0.8, popularity=0.2, repeats=0.0),
        }
        write_folder(folder_path(row), **{**values, **changes})
        return row

    return make


@pytest.fixture
def anybody(rf: RequestFactory) -> HttpRequest:
    """Somebody who said nothing."""
    request = rf.get("/")
    request.visitor = Visitor(Level.UNDECIDED, 1)  # type: ignore[attr-defined]
    return request


@pytest.fixture
def remembered(rf: RequestFactory, site: Site) -> Callable[..., HttpRequest]:
    """A remembered person who did what is listed, in this order."""

    def make(*done: tuple[Kind, str], shopper: UUID | None = None) -> HttpRequest:
        request = rf.get("/")
        if shopper is None:
            shopper = consent_services.grant_remember(request=request).pk
        request.visitor = Visitor(Level.REMEMBER, site.pk, shopper_id=shopper)  # type: ignore[attr-defined]
        for kind, key in done:
            value = 1 if kind in (Kind.ORDER, Kind.CART_ADD) else None
            assert record(request=request, kind=kind, product_key=key, value=value)
        return request

    return make


@pytest.fixture
def visiting(rf: RequestFactory, site: Site) -> Callable[..., HttpRequest]:
    """Somebody in level "this visit" who viewed these products."""

    def make(*keys: str) -> HttpRequest:
        request = rf.get("/")
        visit = Visit(tuple(keys), int(time.time()) - 600)
        request.visitor = Visitor(Level.VISIT, site.pk, visit=visit)  # type: ignore[attr-defined]
        return request

    return make


@pytest.fixture
def ask() -> Ask:
    """Ask for a slate."""

    def make(request: HttpRequest, placement: str = "home", **context: Any) -> Slate:
        return serve(request=request, placement=placement, context=SlateContext(**context))

    return make


def keys_of(slate: Slate) -> list[str]:
    """The keys on a slate, best first."""
    return [item.key for item in slate.items]


@pytest.fixture
def host() -> type[TestHost]:
    """The test host, to say what is sold out or failing."""
    return TestHost

"""A shop of three products, and visitors of every level."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import Client, RequestFactory

from consent.models import Shopper
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.services import grant_remember
from consent.visit import Visit
from consent.visitor import Level, Visitor, sign_key
from recommender.catalog.models import Category, Product
from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.catalog.services import mirror_products


def product(key: str, **columns: Any) -> ProductRecord:
    return ProductRecord(key=key, title=key.title(), price_micros=5_000_000, **columns)


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_current()


@pytest.fixture
def shop(site: Site) -> SimpleNamespace:
    """Products ``tea``, ``cup``, ``pot`` of category ``kitchen`` and the sensitive ``test``."""
    kitchen = CategoryRecord(key="kitchen", name="Kitchen")
    health = CategoryRecord(key="health", name="Health", sensitive=True)
    mirror_products(
        site=site,
        records=[
            *(product(key, category=kitchen) for key in ("tea", "cup", "pot")),
            product("test", category=health),
        ],
    )
    return SimpleNamespace(
        site=site,
        products={row.host_key: row for row in Product.objects.all()},
        categories={row.host_key: row for row in Category.objects.all()},
    )


@pytest.fixture
def remembered(site: Site, rf: RequestFactory) -> Callable[..., HttpRequest]:
    """Return a request of a new shopper who accepted."""

    def make(*, purposes: frozenset[Purpose] = BANNER_PURPOSES) -> HttpRequest:
        request = rf.get("/")
        request.shopper = grant_remember(request=request, purposes=purposes)
        return request

    return make


@pytest.fixture
def of_level(site: Site, rf: RequestFactory) -> Callable[[Level], HttpRequest]:
    """Return a request of a visitor who is not remembered."""

    def make(level: Level) -> HttpRequest:
        request = rf.get("/")
        visit = Visit.begin() if level is Level.VISIT else None
        request.visitor = Visitor(level, site.pk, visit=visit)
        return request

    return make


@pytest.fixture
def browser(site: Site) -> Callable[..., Client]:
    """Return a client that holds the key of ``shopper``, on the shop's own pages."""

    def make(shopper: Shopper | UUID | None = None) -> Client:
        client = Client(headers={"origin": "http://testserver"}, raise_request_exception=True)
        if shopper is not None:
            key = shopper.pk if isinstance(shopper, Shopper) else shopper
            client.cookies["attention_key"] = sign_key(key, "")
        return client

    return make

"""A shop of two categories, and people who did things there."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import Client, RequestFactory

from consent.models import Shopper
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.services import grant_remember
from consent.visitor import sign_key
from recommender.catalog.models import Category, Product
from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.catalog.services import mirror_products
from recommender.events.kinds import Kind
from recommender.events.services import record

Done = tuple[Kind, str] | tuple[Kind, str, int]


def product(key: str, **columns: Any) -> ProductRecord:
    return ProductRecord(key=key, title=key.title(), price_micros=5_000_000, **columns)


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_current()


@pytest.fixture
def shop(site: Site) -> SimpleNamespace:
    """Teas ``green`` and ``black``, the pot ``cast``, and ``gift``, which has no category."""
    tea = CategoryRecord(key="tea", name="Tea")
    pots = CategoryRecord(key="pots", name="Pots", parent_key="tea")
    mirror_products(
        site=site,
        records=[
            product("green", category=tea),
            product("black", category=tea),
            product("cast", category=pots),
            product("gift"),
        ],
    )
    return SimpleNamespace(
        site=site,
        products={row.host_key: row for row in Product.objects.all()},
        **{row.host_key: row.pk for row in Category.objects.all()},
    )


@pytest.fixture
def remembered(site: Site, rf: RequestFactory) -> Callable[..., HttpRequest]:
    """Return a request of a new shopper who accepted and did these things, in order."""

    def make(*done: Done, purposes: frozenset[Purpose] = BANNER_PURPOSES) -> HttpRequest:
        request = rf.get("/")
        request.shopper = grant_remember(request=request, purposes=purposes)
        act(request, *done)
        return request

    return make


def act(request: HttpRequest, *done: Done) -> None:
    for kind, key, *value in done:
        assert record(request=request, kind=kind, product_key=key, value=(value or [None])[0])


@pytest.fixture
def browser(site: Site) -> Callable[..., Client]:
    """Return a client that holds the key of ``shopper``, on the shop's own pages."""

    def make(shopper: Shopper | None = None) -> Client:
        client = Client(headers={"origin": "http://testserver"})
        if shopper is not None:
            client.cookies["attention_key"] = sign_key(shopper.pk, "")
        return client

    return make

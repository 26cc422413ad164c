"""Fills an empty shop: products in storefront and mirror, people with histories, a model."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import numpy as np
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from attention_shop.storefront.catalog.models import Product as StorefrontProduct
from benchmarks.serving.urls import TABLE
from benchmarks.synthetic import write_large
from consent import services as consent_services
from consent.cookies import pending
from recommender.catalog.models import Product
from recommender.events.kinds import Kind
from recommender.events.records import ImportedEvent
from recommender.events.services import import_events
from recommender.training.models import ModelVersion, VersionState
from recommender.training.selectors import folder_path

EVENTS = 60
SLATE = 8


def fill(*, products: int, people: int, encoder: Path) -> None:
    """Make the shop in the database of the settings in force; write ``people.json`` beside it."""
    call_command("consent_keys", create=True, verbosity=0)
    call_command("migrate", verbosity=0)
    site = Site.objects.get_current()
    _make_products(site, products)
    shoppers = _make_people(people)
    _make_histories(site, [shopper for shopper, _ in shoppers], products)
    _publish(site, encoder)
    _precompute([shopper for shopper, _ in shoppers])
    from django.conf import settings

    place = Path(settings.VAR_DIR) / "people.json"
    place.write_text(json.dumps(shoppers))
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _make_products(site: Site, products: int) -> None:
    now = timezone.now()
    facts = [
        {
            "title": f"Product {number} of a believable length",
            "price_micros": 1_000_000 * (1 + number % 90),
            "created_at": now - timedelta(minutes=number),
            "updated_at": now,
        }
        for number in range(products)
    ]
    StorefrontProduct.objects.bulk_create(
        [
            StorefrontProduct(site=site, sku=f"sku-{number}", stock=9, **fact)
            for number, fact in enumerate(facts)
        ],
        batch_size=2_000,
    )
    Product.objects.bulk_create(
        [Product(site=site, host_key=f"sku-{number}", **fact) for number, fact in enumerate(facts)],
        batch_size=2_000,
    )


def _make_people(people: int) -> list[tuple[str, str]]:
    """Shoppers who said yes: key and cookie."""
    made = []
    for _ in range(people):
        request = RequestFactory().get("/")
        shopper = consent_services.grant_remember(request=request)
        made.append((shopper.pk.hex, str(pending(request)["attention_key"].value)))
    return made


def _make_histories(site: Site, shoppers: list[str], products: int) -> None:
    from uuid import UUID

    draw = random.Random(7)
    now = timezone.now()
    import_events(
        site=site,
        rows=[
            ImportedEvent(
                shopper_id=UUID(hex=shopper),
                source_id=f"{shopper}-{number}",
                kind=Kind.VIEW if number % 6 else Kind.ORDER,
                value=None if number % 6 else 1,
                occurred_at=now - timedelta(hours=4 * (EVENTS - number)),
                product_key=f"sku-{min(int(draw.paretovariate(0.6)), products) - 1}",
            )
            for shopper in sorted(shoppers)
            for number in range(EVENTS)
        ],
    )


def _publish(site: Site, encoder: Path) -> None:
    ids = np.fromiter(Product.objects.order_by("pk").values_list("pk", flat=True), dtype=np.int64)
    version = ModelVersion.objects.create(
        site=site, version="b" * 64, state=VersionState.LIVE, cut=timezone.now()
    )
    write_large(folder_path(version), products=ids, encoder=encoder)


def _precompute(shoppers: list[str]) -> None:
    """Rows of the baseline: what somebody computed for everybody last night."""
    draw = random.Random(8)
    ids = list(Product.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {TABLE} (shopper char(32), place integer, product_id bigint, "
            "PRIMARY KEY (shopper, place))"
        )
        cursor.executemany(
            f"INSERT INTO {TABLE} VALUES (%s, %s, %s)",
            [(shopper, place, draw.choice(ids)) for shopper in shoppers for place in range(SLATE)],
        )

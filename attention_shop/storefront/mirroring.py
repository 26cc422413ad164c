"""Tells the recommender what changed in the shop's own catalog, after the commit."""

from __future__ import annotations

import logging
from functools import partial

from django.contrib.sites.models import Site
from django.db import transaction

from attention_shop.storefront.catalog.models import Category, Product
from recommender.catalog.services import sync_host_categories, sync_host_product

logger = logging.getLogger(__name__)


def product_changed(product: Product) -> None:
    """Bring one product, changed or deleted, into the mirror."""
    transaction.on_commit(partial(_sync_product, product.site_id, product.sku))


def category_changed(category: Category) -> None:
    """Bring the categories into the mirror."""
    transaction.on_commit(partial(_sync_categories, category.site_id))


def _sync_product(site_id: int, sku: str) -> None:
    """An error is left to the nightly reconcile: saving a product must not fail for it."""
    try:
        sync_host_product(site=Site.objects.get(pk=site_id), host_key=sku)
    except Exception:
        logger.exception("The mirror of a product could not be brought up to date.")


def _sync_categories(site_id: int) -> None:
    try:
        sync_host_categories(site=Site.objects.get(pk=site_id))
    except Exception:
        logger.exception("The mirror of the categories could not be brought up to date.")

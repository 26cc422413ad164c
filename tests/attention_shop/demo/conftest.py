"""A shop with its demo accounts, before anybody has acted."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from attention_shop.storefront.catalog.models import Category, Product


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_current()


@pytest.fixture
def stocked(
    site: Site,
    settings: Settings,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Site:
    """Twenty-four categories with one product each, and the accounts."""
    settings.DEBUG, settings.VAR_DIR = True, tmp_path
    own = {"LEDGER_DIR": tmp_path / "ledger"}
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, **own}
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(24):
            key = f"kind-{number}"
            category = Category.objects.create(site=site, key=key, slug=key, name=key.title())
            Product.objects.create(
                site=site,
                sku=f"sku-{number}",
                title=f"Thing {number}",
                category=category,
                price_micros=12_500_000,
                created_at=timezone.now(),
            )
    call_command("demo_accounts")
    return site

"""What every test shares: marks by fixture, eager tasks, no network beyond this machine."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from consent.gate_cache import connection
from recommender.serving import counts, live, placements
from tests.chromium import chromium

__all__ = ["chromium"]

DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "client", "admin_client"}


def pytest_configure(config: pytest.Config) -> None:
    from attention_shop.celery import app

    app.conf.task_always_eager = True
    app.conf.task_eager_propagates = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database, so that it can run on both."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & DATABASE_FIXTURES or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)
        if "chromium" in fixtures:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """A real hash takes most of a second, and no test is about it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _cache_of_its_own(settings: Settings) -> None:
    """Every test sees an empty cache and no gates, and no machine's Redis is ever flushed."""
    default = {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}
    settings.CACHES = {**settings.CACHES, "default": default}
    own = {"REDIS_PREFIX": f"test-{uuid.uuid4().hex}"}
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, **own}


@pytest.fixture(autouse=True)
def _nothing_in_memory() -> Iterator[None]:
    """No test meets a model, placement or count that another one left in this process."""
    yield
    for module in (live, placements, counts, connection):
        module.forget()

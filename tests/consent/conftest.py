"""What the tests of this floor share: a browser, a person, a history to erase."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.sites.models import Site
from django.db import connection
from django.test import Client
from pytest_django import Settings

from consent import holdings
from consent.holdings import Holding, register
from consent.ledger import guards
from consent.models import Shopper
from consent.purposes import Purpose
from tests.consent.support import OWN, History, new_shopper


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get(pk=1)


@pytest.fixture
def browser() -> Client:
    """A browser on the shop's own pages."""
    return Client(headers=OWN)


@pytest.fixture
def shopper(site: Site) -> Shopper:
    """A person who accepted what the banner names."""
    return new_shopper(site)


@pytest.fixture
def unguarded_ledger(db: None) -> None:
    """Let a test tamper with the ledger as somebody with the database in hand could.

    The only place that drops the triggers of the ledger. The end of the test's transaction
    brings them back, so this is for tests inside one.
    """
    guards.drop(connection)


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    """A registered holding for the purpose of analytics."""
    monkeypatch.setattr(holdings, "_holdings", dict(holdings._holdings))
    kept = History()
    register(
        Holding(
            label="test.history",
            title="What you looked at",
            models=(),
            purpose=Purpose.ANALYTICS,
            retention="a year",
            count=lambda shopper_id: kept.rows.get(shopper_id, 0),
            export=lambda shopper_id: ({"n": n} for n in range(kept.rows.get(shopper_id, 0))),
            erase=kept.erase,
        )
    )
    return kept


@pytest.fixture
def ledger_dir(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the checkpoints, of this test alone."""
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "LEDGER_DIR": tmp_path / "ledger"}
    return tmp_path / "ledger"

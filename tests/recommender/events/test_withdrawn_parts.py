"""Purposes are switched one by one: what was refused then is not used now."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.contrib.sites.models import Site

from consent import services
from consent.gate import Permit, permit_shopper
from consent.models import ConsentState
from consent.purposes import BANNER_PURPOSES, Purpose, to_mask
from recommender.catalog.records import ProductRecord
from recommender.catalog.services import mirror_products
from recommender.events.door.facts import Fact
from recommender.events.door.writing import store
from recommender.events.identifiers import mint
from recommender.events.kinds import Kind
from recommender.events.selectors import has_training_rows, recent_history
from tests.consent.support import new_shopper

pytestmark = pytest.mark.django_db


@pytest.fixture
def shopper_id(db: None) -> UUID:
    site = Site.objects.get(pk=1)
    mirror_products(site=site, records=[ProductRecord(key=key, title=key) for key in ("a", "b")])
    return new_shopper(site).pk


def _view(shopper_id: UUID, key: str) -> None:
    fact = Fact(event_id=mint(), kind=Kind.VIEW, occurred_at=datetime.now(UTC), product_key=key)
    assert all(store(site_id=1, shopper_id=shopper_id, facts=[fact]))


def _allow(shopper_id: UUID, purposes: frozenset[Purpose]) -> None:
    ConsentState.objects.filter(pk=shopper_id).update(purposes=to_mask(purposes))


def _history(shopper_id: UUID) -> list[str]:
    permit = permit_shopper(shopper_id, Purpose.RECS_PERSONAL)
    assert isinstance(permit, Permit)
    return [row.host_key for row in recent_history(permit=permit)]


def test_what_was_done_while_ranking_was_refused_never_ranks(shopper_id: UUID) -> None:
    _view(shopper_id, "a")
    _allow(shopper_id, BANNER_PURPOSES - {Purpose.RECS_PERSONAL})
    _view(shopper_id, "b")
    _allow(shopper_id, BANNER_PURPOSES)

    assert _history(shopper_id) == ["a"]


def test_events_still_to_be_deleted_are_unreadable_at_once(
    shopper_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    _view(shopper_id, "a")
    site = Site.objects.get(pk=1)
    assert has_training_rows(site=site)
    monkeypatch.setattr("consent.erasure.begin.run_quietly", lambda **given: False)
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda *given: None)

    services.withdraw(shopper_id=shopper_id, purposes={Purpose.ANALYTICS}, actor="shopper")

    assert _history(shopper_id) == []
    assert not has_training_rows(site=site)

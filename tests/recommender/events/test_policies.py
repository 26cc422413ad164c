"""A material change of the text stops collection, ranking and training; nothing is deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.utils import timezone

from consent.gate import permit, permit_shopper
from consent.policies.services import publish_policy
from consent.purposes import Purpose
from consent.services import grant_remember
from recommender.catalog.records import ProductRecord
from recommender.catalog.services import mirror_products
from recommender.events.door.facts import Fact
from recommender.events.door.writing import store
from recommender.events.identifiers import mint
from recommender.events.kinds import Kind
from recommender.events.records import Cause, Outcome
from recommender.events.retention import apply_retention
from recommender.events.selectors import (
    count_events,
    has_training_rows,
    recent_history,
    training_rows,
)
from tests.consent.support import new_shopper, request_of

TEXT = {"en": {"title": "t", "notice": "n", "body": "b"}}

pytestmark = pytest.mark.django_db


def _view(shopper_id: UUID) -> Outcome:
    fact = Fact(event_id=mint(), kind=Kind.VIEW, occurred_at=datetime.now(UTC), product_key="a")
    return store(site_id=1, shopper_id=shopper_id, facts=[fact])[0]


def test_what_was_recorded_rests_and_counts_again_when_accepted() -> None:
    site = Site.objects.get(pk=1)
    mirror_products(site=site, records=[ProductRecord(key="a", title="a")])
    shopper, imported_later = new_shopper(site), new_shopper(site)
    assert _view(shopper.pk).cause is None
    assert has_training_rows(site=site)

    publish_policy(site=site, texts=TEXT, is_material=True)

    assert _view(shopper.pk).cause is Cause.CONSENT
    assert _view(imported_later.pk).cause is Cause.CONSENT
    assert not permit_shopper(shopper.pk, Purpose.RECS_PERSONAL)
    assert not has_training_rows(site=site)
    assert list(training_rows(site=site, cut=timezone.now())) == []
    apply_retention()
    assert count_events(shopper_id=shopper.pk) == 1

    grant_remember(request=request_of(shopper))

    assert has_training_rows(site=site)
    answer = permit(request_of(shopper).visitor, Purpose.RECS_PERSONAL)  # type: ignore[attr-defined]
    assert [row.host_key for row in recent_history(permit=answer)] == ["a"]  # type: ignore[arg-type]
    assert _view(shopper.pk).cause is None
    assert count_events(shopper_id=shopper.pk) == 2

"""Within a host's transaction a visit's events neither lock what all share nor break it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.http import HttpRequest
from django.template import Context, Template

from consent import gate
from consent.visitor import Level
from recommender.catalog.models import Product
from recommender.events.door import visit
from recommender.events.kinds import Kind
from recommender.events.models import RefusalCount
from recommender.events.records import Cause, Verdict
from recommender.events.services import record

pytestmark = pytest.mark.django_db(transaction=True)

OfLevel = Callable[[Level], HttpRequest]


def test_refusals_are_counted_after_the_hosts_commit(
    shop: SimpleNamespace, of_level: OfLevel
) -> None:
    request = of_level(Level.VISIT)
    with transaction.atomic():
        outcome = record(request=request, kind=Kind.VIEW, product_key="nothing")
        assert outcome.cause is Cause.UNKNOWN_PRODUCT
        assert not RefusalCount.objects.exists()
    assert RefusalCount.objects.get().count == 1


def test_an_error_of_ours_leaves_the_hosts_transaction_usable(
    shop: SimpleNamespace, of_level: OfLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(site_id: int, facts: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM attention_recommender_product")

    monkeypatch.setattr(visit, "known_of", fails)
    with transaction.atomic():
        outcome = record(request=of_level(Level.VISIT), kind=Kind.VIEW, product_key="tea")
        assert (outcome.verdict, outcome.cause) == (Verdict.REFUSED, Cause.ERROR)
        assert Product.objects.count() == 4


def test_a_gate_that_cannot_be_asked_leaves_the_hosts_transaction_usable(
    shop: SimpleNamespace, remembered: Callable[..., HttpRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = remembered()
    monkeypatch.setattr(gate, "_SELECT", "SELECT no_such_column FROM django_site WHERE id IN ({})")
    page = Template("{% load attention %}{% attention_script %}")
    with transaction.atomic():
        assert page.render(Context({"request": request})) == ""
        assert Product.objects.count() == 4

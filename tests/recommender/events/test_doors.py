"""Events are reached through their doors alone."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from consent.models import Shopper
from recommender.events.models import Event
from tests.consent.support import new_shopper
from tests.recommender.events.live_support import view

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("ask", ["all", "count", "exists", "first", "get", "values_list"])
def test_the_usual_manager_answers_nothing(ask: str) -> None:
    with pytest.raises(PermissionError, match="services"):
        getattr(Event.objects, ask)()


def test_a_dump_of_everything_is_refused_rather_than_holding_histories(
    shop: SimpleNamespace,
) -> None:
    view(new_shopper(shop.site).pk, "tea")
    told = StringIO()

    with pytest.raises(CommandError, match="selectors"):
        call_command("dumpdata", "attention_recommender.Event", stdout=told)

    assert "tea" not in told.getvalue()


def test_whoever_is_deleted_takes_the_events_along(shop: SimpleNamespace) -> None:
    shopper = new_shopper(shop.site)
    view(shopper.pk, "tea")

    Shopper.objects.filter(pk=shopper.pk).delete()

    assert not Event.rows.exists()

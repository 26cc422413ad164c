"""What the model is told of a person's events beside their products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest

from recommender.events.kinds import Kind
from recommender.events.models import KindWeight
from recommender.events.services import record
from recommender.serving.recall import Published, Ranked
from tests.recommender.serving_django.conftest import Ask, Publish
from tests.recommender.serving_django.host import TestHost

Person = Callable[..., HttpRequest]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Whatever `Published.rank` was asked with, beside answering it."""
    calls: list[dict[str, Any]] = []
    rank = Published.rank

    def spy(self: Published, *args: Any, **named: Any) -> Ranked:
        calls.append(named)
        return rank(self, *args, **named)

    monkeypatch.setattr(Published, "rank", spy)
    return calls


def test_kinds_and_seconds_come_from_the_live_history(
    publish: Publish, ask: Ask, remembered: Person, asked: list[dict[str, Any]]
) -> None:
    # given a shop that lets dwell into histories, and a person who read a page and filled a basket
    version = publish()
    KindWeight.objects.create(site=version.site, kind=Kind.DWELL.code, weight=0.5)
    request = remembered((Kind.VIEW, "p0"))
    assert record(request=request, kind=Kind.DWELL, product_key="p0", value=41_000)
    assert record(request=request, kind=Kind.CART_ADD, product_key="p1", value=3)
    # when a slate is asked for
    ask(request, size=3)
    # then the units of the basket are no seconds
    assert asked[-1]["kinds"].tolist() == [Kind.VIEW.code, Kind.DWELL.code, Kind.CART_ADD.code]
    assert asked[-1]["dwell"].tolist() == [0.0, 41.0, 0.0]


def test_dwell_stays_out_where_it_has_no_weight(
    publish: Publish, ask: Ask, remembered: Person, asked: list[dict[str, Any]]
) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"))
    assert record(request=request, kind=Kind.DWELL, product_key="p0", value=41_000)
    ask(request, size=3)
    assert asked[-1]["kinds"].tolist() == [Kind.VIEW.code]
    assert asked[-1]["dwell"].tolist() == [0.0]


def test_a_basket_is_told_as_what_was_put_into_it(
    publish: Publish,
    ask: Ask,
    anybody: HttpRequest,
    host: type[TestHost],
    asked: list[dict[str, Any]],
) -> None:
    publish()
    host.basket = ("p0", "p1")
    ask(anybody, "basket", size=3)
    assert asked[-1]["kinds"].tolist() == [Kind.CART_ADD.code] * 2

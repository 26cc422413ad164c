"""What is forgotten or joined shows at once in the histories kept in Redis, too."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.test import RequestFactory

from consent import services
from consent.visitor import read_visitor, sign_key
from recommender.events.forgetting import forget_product
from tests.consent.support import new_shopper, request_of
from tests.recommender.events.live_support import history_of, names_kept, needs_redis, view

pytestmark = [pytest.mark.django_db(transaction=True), needs_redis]


def keys_of(shopper_id: UUID) -> list[str]:
    return [item.host_key for item in history_of(shopper_id) or []]


def test_a_forgotten_product_leaves_a_warm_history(
    shop: SimpleNamespace, rf: RequestFactory
) -> None:
    # Given a person whose history is warm
    person = new_shopper(shop.site).pk
    view(person, "tea")
    view(person, "cup")
    assert keys_of(person) == ["tea", "cup"]
    request = rf.get("/")
    request.COOKIES["attention_key"] = sign_key(person, "")
    request.visitor = read_visitor(request)  # type: ignore[attr-defined]

    # When they forget a product
    assert forget_product(request=request, product_key="tea") == 1

    # Then the next read does not know it, and a new view brings it back
    assert keys_of(person) == ["cup"]
    view(person, "tea")
    assert keys_of(person) == ["cup", "tea"]


def test_a_joined_history_shows_in_the_accounts_and_in_no_other(shop: SimpleNamespace) -> None:
    # Given two warm histories
    user = get_user_model().objects.create_user("ann")
    account, own = new_shopper(shop.site, user), new_shopper(shop.site)
    view(own.pk, "tea")
    view(account.pk, "cup")
    assert (keys_of(own.pk), keys_of(account.pk)) == (["tea"], ["cup"])

    # When the browser's joins the account's
    request = request_of(account, user)
    request.visitor.offer = own.pk  # type: ignore[attr-defined]
    assert services.link_browser(request=request) is True

    # Then the account's holds both, and nothing of the browser's is kept
    assert keys_of(account.pk) == ["tea", "cup"]
    assert names_kept(own.pk) == []

"""Orders without an account are found by their address, in whatever case, through an index."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.db import connection
from django.utils import timezone

from attention_shop.storefront.orders.models import Order


def order(site: Site, email: str, user: User | None = None) -> Order:
    return Order.objects.create(
        site=site,
        user=user,
        email=email,
        basket_token=uuid.uuid4(),
        currency="USD",
        goods_micros=2,
        shipping_micros=1,
        total_micros=3,
        placed_at=timezone.now(),
    )


def test_they_are_found_in_whatever_case(site: Site) -> None:
    made = {order(site, "Robin.Vale@Example.com"), order(site, "robin.vale@example.com")}

    for mail in ("robin.vale@example.com", "ROBIN.VALE@EXAMPLE.COM"):
        assert set(Order.objects.of_guest(site_id=site.pk, mail=mail)) == made


def test_nobody_elses_are_found(site: Site, account: User) -> None:
    elsewhere = Site.objects.create(domain="other.test", name="Other")
    order(elsewhere, "robin@example.com")
    order(site, "robin@example.com", user=account)
    order(site, "robin@example.co")
    order(site, "robinZexample.com")
    order(site, "")

    for mail in ("robin@example.com", "robin_example.com", "%", ""):
        assert list(Order.objects.of_guest(site_id=site.pk, mail=mail)) == []


@pytest.mark.parametrize("ask", ["rows", "count"])
def test_the_address_is_looked_up_in_an_index(site: Site, ask: str) -> None:
    found = Order.objects.of_guest(site_id=site.pk, mail="robin@example.com")
    if ask == "count":
        found = found.order_by().values("pk")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # the table is too small to matter
        plan = found.explain()

    assert "storefront_order_guest" in plan
    assert "lower" in plan.lower() or "<expr>=?" in plan

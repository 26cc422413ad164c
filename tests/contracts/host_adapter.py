"""The contract every host adapter keeps. Subclass `HostAdapterContract` beside the adapter.

    class TestOurAdapter(HostAdapterContract):
        @pytest.fixture
        def host(self, site): return OurHost(site)

``host`` is a `HostUnderTest`: it makes the shop's own data through the shop's own models.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.utils import timezone

from recommender.catalog.adapter import HostAdapter, TellsCategories
from recommender.catalog.records import Offer, ProductRecord
from recommender.catalog.services import mirror_products, reconcile
from recommender.catalog.validation import category_refusal_of, refusal_of


class HostUnderTest(Protocol):
    """What a subclass supplies: the adapter, and hands to change its shop."""

    adapter: HostAdapter

    def add_product(self, key: str, *, price_micros: int, is_listed: bool = True) -> None:
        """Put a product on sale, in stock."""

    def change_price(self, key: str, *, price_micros: int) -> None:
        """Change what it costs from now on."""

    def sell_out(self, key: str) -> None:
        """Leave nothing of it in stock."""

    def remove_product(self, key: str) -> None:
        """Take it out of the shop for good."""

    def request_with_basket(self, *keys: str) -> HttpRequest:
        """A visitor's request with these products in the basket, in this order."""

    def sell(self, key: str, *, units: int, at: datetime) -> None:
        """Have somebody buy ``units`` at that moment."""


UNKNOWN = "no-such-product"


class HostAdapterContract:
    """Behavior the recommender relies on."""

    @pytest.fixture
    def site(self, db: None) -> Site:
        return Site.objects.get_current()

    @pytest.fixture
    def host(self, site: Site) -> HostUnderTest:
        raise NotImplementedError("The subclass names its host.")

    def test_it_is_a_host_adapter(self, host: HostUnderTest) -> None:
        assert isinstance(host.adapter, HostAdapter)
        assert host.adapter.card_template.endswith(".html")

    def test_it_tells_every_product_once_in_a_stable_order(
        self, host: HostUnderTest, site: Site
    ) -> None:
        for key in ("a1", "b2", "c3"):
            host.add_product(key, price_micros=2_500_000)
        host.add_product("d4", price_micros=1_000_000, is_listed=False)

        first, second = (list(host.adapter.iterate(site=site)) for _ in range(2))

        assert sorted(record.key for record in first) == ["a1", "b2", "c3", "d4"]
        assert first == second
        assert {record.key for record in first if not record.is_listed} == {"d4"}

    def test_an_empty_shop_tells_nothing(self, host: HostUnderTest, site: Site) -> None:
        assert list(host.adapter.iterate(site=site)) == []
        assert dict(host.adapter.by_keys(site=site, keys=[])) == {}
        assert dict(host.adapter.offers(request=None, keys=[])) == {}

    def test_every_record_can_be_mirrored(self, host: HostUnderTest, site: Site) -> None:
        host.add_product("a1", price_micros=2_500_000)

        records = list(host.adapter.iterate(site=site))

        assert [refusal_of(record) for record in records] == [None]
        assert records[0].price_micros == 2_500_000

    def test_it_finds_products_by_key_and_leaves_unknown_ones_out(
        self, host: HostUnderTest, site: Site
    ) -> None:
        host.add_product("a1", price_micros=2_500_000)
        host.add_product("b2", price_micros=2_500_000)

        found = host.adapter.by_keys(site=site, keys=["a1", UNKNOWN])

        assert set(found) == {"a1"}
        assert found["a1"] == _by_key(host, site)["a1"]

    def test_another_sites_products_are_unknown(self, host: HostUnderTest) -> None:
        host.add_product("a1", price_micros=2_500_000)
        other = Site.objects.create(domain="other.example", name="Other")

        assert list(host.adapter.iterate(site=other)) == []
        assert dict(host.adapter.by_keys(site=other, keys=["a1"])) == {}

    def test_offers_are_asked_anew_each_time(self, host: HostUnderTest) -> None:
        host.add_product("a1", price_micros=2_500_000)
        request = host.request_with_basket()
        before = host.adapter.offers(request=request, keys=["a1", UNKNOWN])
        host.change_price("a1", price_micros=1_990_000)

        after = host.adapter.offers(request=request, keys=["a1"])

        assert set(before) == {"a1"}
        assert _price(before["a1"]) == (True, 2_500_000)
        assert _price(after["a1"]) == (True, 1_990_000)

    def test_offers_can_be_asked_without_a_request(self, host: HostUnderTest) -> None:
        host.add_product("a1", price_micros=2_500_000)

        assert _price(host.adapter.offers(request=None, keys=["a1"])["a1"]) == (True, 2_500_000)

    def test_what_cannot_be_had_is_not_available(self, host: HostUnderTest) -> None:
        host.add_product("a1", price_micros=2_500_000)
        host.sell_out("a1")
        host.add_product("b2", price_micros=2_500_000, is_listed=False)

        offers = host.adapter.offers(request=host.request_with_basket(), keys=["a1", "b2"])

        assert not any(offer.is_available for offer in offers.values())

    def test_a_product_has_an_address(self, host: HostUnderTest) -> None:
        host.add_product("a1", price_micros=2_500_000)

        assert host.adapter.url(key="a1").startswith(("/", "http://", "https://"))

    def test_the_basket_is_told_by_key(self, host: HostUnderTest) -> None:
        for key in ("a1", "b2"):
            host.add_product(key, price_micros=2_500_000)

        assert host.adapter.basket_keys(request=host.request_with_basket()) == ()
        assert host.adapter.basket_keys(request=host.request_with_basket("b2", "a1")) == (
            "b2",
            "a1",
        )

    def test_sales_are_units_since_a_moment_and_no_person(
        self, host: HostUnderTest, site: Site
    ) -> None:
        now = timezone.now()
        for key in ("a1", "b2"):
            host.add_product(key, price_micros=2_500_000)
        host.sell("a1", units=2, at=now - timedelta(days=1))
        host.sell("a1", units=1, at=now - timedelta(hours=1))
        host.sell("b2", units=4, at=now - timedelta(days=40))

        recent = {
            each.key: each.units
            for each in host.adapter.sales(site=site, since=now - timedelta(days=30))
        }
        everything = {
            each.key: each.units
            for each in host.adapter.sales(site=site, since=now - timedelta(days=365))
        }

        assert recent == {"a1": 3}
        assert everything == {"a1": 3, "b2": 4}

    def test_the_mirror_follows_the_host(self, host: HostUnderTest, site: Site) -> None:
        for key in ("a1", "b2", "c3"):
            host.add_product(key, price_micros=2_500_000)
        mirror_products(site=site, records=host.adapter.iterate(site=site))
        host.change_price("a1", price_micros=1_000_000)
        host.remove_product("b2")
        host.add_product("d4", price_micros=3_000_000)

        report = reconcile(site=site, adapter=host.adapter)

        assert (report.missing, report.changed, report.unchanged, report.retired) == (1, 1, 1, 1)
        assert reconcile(site=site, adapter=host.adapter).drift == 0

    def test_categories_told_can_be_mirrored(self, host: HostUnderTest, site: Site) -> None:
        host.add_product("a1", price_micros=2_500_000)
        if not isinstance(host.adapter, TellsCategories):
            pytest.skip("the adapter tells its categories through products alone")

        told = list(host.adapter.categories(site=site))

        assert [category_refusal_of(record) for record in told] == [None] * len(told)
        category = _by_key(host, site)["a1"].category
        assert category is None or category in told


def _by_key(host: HostUnderTest, site: Site) -> Mapping[str, ProductRecord]:
    return {record.key: record for record in host.adapter.iterate(site=site)}


def _price(offer: Offer) -> tuple[bool, int | None]:
    return offer.is_available, offer.price_micros

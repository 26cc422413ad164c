"""A host of the tests: the mirror itself is its catalog, and each test says what fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.sites.models import Site
from django.http import HttpRequest

from recommender.catalog.models import Product
from recommender.catalog.records import Offer, ProductRecord, SoldUnits


class TestHost:
    """A host whose stock, basket and sales are class attributes; `reset` empties them."""

    __test__ = False
    card_template = "attention_recommender/card.html"

    sold_out: ClassVar[set[str]] = set()
    basket: ClassVar[tuple[str, ...]] = ()
    sold: ClassVar[list[SoldUnits]] = []
    failing: ClassVar[dict[str, Exception]] = {}
    calls: ClassVar[list[tuple[str, Any]]] = []

    @classmethod
    def reset(cls) -> None:
        cls.sold_out, cls.basket, cls.sold = set(), (), []
        cls.failing, cls.calls = {}, []

    def iterate(self, *, site: Site) -> Iterable[ProductRecord]:
        return []

    def by_keys(self, *, site: Site, keys: Collection[str]) -> Mapping[str, ProductRecord]:
        return {}

    def offers(self, *, request: HttpRequest | None, keys: Collection[str]) -> Mapping[str, Offer]:
        self._note("offers", tuple(keys))
        return {
            key: Offer(key=key, is_available=key not in self.sold_out, price_micros=2_500_000)
            for key in keys
        }

    def url(self, *, key: str) -> str:
        return f"/p/{key}/"

    def basket_keys(self, *, request: HttpRequest) -> tuple[str, ...]:
        self._note("basket_keys", None)
        return self.basket

    def sales(self, *, site: Site, since: datetime) -> Iterable[SoldUnits]:
        return self.sold

    def _note(self, name: str, value: Any) -> None:
        self.calls.append((name, value))
        if name in self.failing:
            raise self.failing[name]


class DatabaseHost(TestHost):
    """A host that asks the database for its offers: one query more."""

    def offers(self, *, request: HttpRequest | None, keys: Collection[str]) -> Mapping[str, Offer]:
        rows = Product.objects.filter(host_key__in=keys).values_list("host_key", "price_micros")
        return {key: Offer(key=key, is_available=True, price_micros=price) for key, price in rows}

"""The door to the host shop: what the recommender asks, and how it finds the answerer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Literal, Protocol, cast, runtime_checkable

from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string

from consent.savepoints import host_transaction_kept
from recommender.catalog.records import CategoryRecord, Offer, ProductRecord, SoldUnits
from recommender.conf import recommender_settings


@runtime_checkable
class HostAdapter(Protocol):
    """A host shop as the recommender sees it.

    ``tests/contracts/host_adapter.py`` holds the suite every adapter must pass.
    """

    card_template: str
    """Template of one card; gets ``item`` (a SlateItem), ``product``, ``offer`` and ``url``."""

    def iterate(self, *, site: Site) -> Iterable[ProductRecord]:
        """Every product of ``site``, listed or not, in a stable order."""
        ...

    def by_keys(self, *, site: Site, keys: Collection[str]) -> Mapping[str, ProductRecord]:
        """The records of ``keys``; a key the host does not know is absent."""
        ...

    def offers(self, *, request: HttpRequest | None, keys: Collection[str]) -> Mapping[str, Offer]:
        """Price and availability for this request; a key the host does not know is absent."""
        ...

    def url(self, *, key: str) -> str:
        """The address of the product's page."""
        ...

    def basket_keys(self, *, request: HttpRequest) -> tuple[str, ...]:
        """Keys of the products in this request's basket."""
        ...

    def sales(self, *, site: Site, since: datetime) -> Iterable[SoldUnits]:
        """Units sold since ``since``, by product and by no person."""
        ...


@runtime_checkable
class TellsCategories(Protocol):
    """Optional: an adapter that also tells its categories, the empty ones and parents included.

    Without it a parent no product is filed under is known by its key alone, and a parent's
    ``sensitive`` is unknown: then each record must say of its category whether it *or one above
    it* is sensitive.
    """

    def categories(self, *, site: Site) -> Iterable[CategoryRecord]:
        """Every category of ``site``."""
        ...


@runtime_checkable
class TellsAge(Protocol):
    """Optional: an adapter that knows which visitors are minors.

    Nothing is recorded of a minor and nothing depends on what they did; a shopper who turns out
    to be one is erased. The answer is asked once a request and kept nowhere.
    """

    def age_band(self, *, request: HttpRequest) -> Literal["minor", "adult"] | None:
        """The band, never a date of birth; None when the host does not know."""
        ...


@runtime_checkable
class CatalogWriter(Protocol):
    """Optional: lets importers and the simulator write products into the host itself."""

    def write_products(self, *, site: Site, records: Iterable[ProductRecord]) -> int:
        """Create or update the host's products; return how many were written."""
        ...


def get_adapter() -> HostAdapter:
    """The adapter named by ``ATTENTION_RECOMMENDER["HOST_ADAPTER"]``.

    Raises:
        ImproperlyConfigured: none is named.
    """
    path = recommender_settings.HOST_ADAPTER
    if not path:
        raise ImproperlyConfigured('ATTENTION_RECOMMENDER["HOST_ADAPTER"] is not set.')
    return cast(HostAdapter, import_string(path)())


def ask_age(request: HttpRequest) -> Literal["minor", "adult"] | None:
    """The age band of a visitor as the adapter tells it; None where it tells none."""
    if not recommender_settings.HOST_ADAPTER:
        return None
    adapter = get_adapter()
    if not isinstance(adapter, TellsAge):
        return None
    with host_transaction_kept(Site):
        return adapter.age_band(request=request)


def get_catalog_writer() -> CatalogWriter | None:
    """The writer named by ``ATTENTION_RECOMMENDER["CATALOG_WRITER"]``; None when not set."""
    path = recommender_settings.CATALOG_WRITER
    return cast(CatalogWriter, import_string(path)()) if path else None

"""Following a host: by comparison, by signal, by command, without ever breaking it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from io import StringIO
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import models, transaction
from django.db.models.signals import post_delete, post_save

from recommender.catalog.models import Category, Product
from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.catalog.services import mirror_products, reconcile, sync_host_product
from recommender.catalog.sync import follow_categories, follow_products
from recommender.catalog.tasks import reconcile_catalogs


class Shelf:
    """A host whose catalog is a dictionary."""

    card_template = "attention_recommender/card.html"

    def __init__(self, *keys: str) -> None:
        self.records = {key: ProductRecord(key=key, title=key) for key in keys}
        self.breaks_after: int | None = None

    def iterate(self, *, site: Site) -> Iterator[ProductRecord]:
        for place, record in enumerate(self.records.values()):
            if place == self.breaks_after:
                raise OSError("the shop's database went away")
            yield record

    def by_keys(self, *, site: Site, keys: Collection[str]) -> Mapping[str, ProductRecord]:
        return {key: self.records[key] for key in keys if key in self.records}


class ShelfWithCategories(Shelf):
    def categories(self, *, site: Site) -> list[CategoryRecord]:
        return [
            CategoryRecord(key="empty", name="Empty", sensitive=True),
            CategoryRecord(key="", name="Nameless"),
        ]


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_current()


def live(site: Site) -> set[str]:
    return set(Product.objects.for_site(site).live().values_list("host_key", flat=True))


def test_a_comparison_repairs_what_drifted(site: Site) -> None:
    host = Shelf("a", "b", "c")
    first = reconcile(site=site, adapter=host)  # type: ignore[arg-type]
    del host.records["a"]
    host.records["b"] = ProductRecord(key="b", title="Better b")
    host.records["d"] = ProductRecord(key="d", title="d")

    report = reconcile(site=site, adapter=host)  # type: ignore[arg-type]

    assert (first.missing, first.drift) == (3, 3)
    assert (report.missing, report.changed, report.unchanged, report.retired) == (1, 1, 1, 1)
    assert live(site) == {"b", "c", "d"}
    assert reconcile(site=site, adapter=host).drift == 0  # type: ignore[arg-type]


def test_a_host_that_breaks_off_retires_nothing(site: Site) -> None:
    host = Shelf("a", "b", "c")
    reconcile(site=site, adapter=host)  # type: ignore[arg-type]
    host.breaks_after = 1

    with pytest.raises(OSError, match="went away"):
        reconcile(site=site, adapter=host)  # type: ignore[arg-type]

    assert live(site) == {"a", "b", "c"}


def test_a_host_that_lost_its_catalog_must_be_confirmed(site: Site) -> None:
    host = Shelf("a", "b", "c")
    reconcile(site=site, adapter=host)  # type: ignore[arg-type]
    host.records.clear()

    report = reconcile(site=site, adapter=host)  # type: ignore[arg-type]

    assert (report.retired, report.withheld) == (0, 3)
    assert live(site) == {"a", "b", "c"}
    assert reconcile(site=site, adapter=host, force=True).retired == 3  # type: ignore[arg-type]
    assert live(site) == set()


def test_refused_records_do_not_retire_what_was_there(site: Site) -> None:
    host = Shelf("a", "b", "c")
    reconcile(site=site, adapter=host)  # type: ignore[arg-type]
    host.records["a"] = ProductRecord(key="a", title="")

    report = reconcile(site=site, adapter=host)  # type: ignore[arg-type]

    assert report.refused == {"title is empty": 1}
    assert live(site) == {"a", "b", "c"}


def test_categories_without_products_are_mirrored_when_told(site: Site) -> None:
    report = reconcile(site=site, adapter=ShelfWithCategories("a"))  # type: ignore[arg-type]

    category = Category.objects.get()
    assert (category.host_key, category.name, category.sensitive) == ("empty", "Empty", True)
    assert report.refused == {"category key is empty": 1}


def test_one_product_is_taken_over_or_retired(site: Site) -> None:
    host = Shelf("a", "b")
    sync_host_product(site=site, host_key="a", adapter=host)  # type: ignore[arg-type]
    assert live(site) == {"a"}
    del host.records["a"]

    sync_host_product(site=site, host_key="a", adapter=host)  # type: ignore[arg-type]

    assert live(site) == set()


@pytest.fixture
def followed(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A host whose product model is, for want of another, Django's own site."""
    host = Shelf("a")
    monkeypatch.setattr("recommender.catalog.services.get_adapter", lambda: host)
    before = [list(signal.receivers) for signal in (post_save, post_delete)]
    follow_products(Site, key=lambda each: each.name, site=lambda each: site)
    yield host
    for signal, receivers in zip((post_save, post_delete), before, strict=True):
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


@pytest.mark.django_db(transaction=True)
def test_what_the_host_saves_is_mirrored_after_its_commit(followed: Shelf, site: Site) -> None:
    with transaction.atomic():
        Site.objects.create(domain="a.example", name="a")
        assert not Product.objects.exists()

    assert live(site) == {"a"}
    del followed.records["a"]
    Site.objects.get(name="a").delete()
    assert live(site) == set()


@pytest.mark.django_db(transaction=True)
def test_what_the_host_rolls_back_is_not_mirrored(followed: Shelf, site: Site) -> None:
    with transaction.atomic():
        Site.objects.create(domain="a.example", name="a")
        transaction.set_rollback(True)

    assert not Product.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_error_of_the_mirror_stays_out_of_the_host(
    followed: Shelf, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(followed, "by_keys", None)

    Site.objects.create(domain="a.example", name="a")

    assert Site.objects.filter(name="a").exists()
    assert not Product.objects.exists()
    assert "could not be mirrored" in caplog.text


def test_categories_are_followed_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "recommender.catalog.sync.sync_host_categories", lambda **given: told.append(given)
    )
    receivers: list[Any] = []
    monkeypatch.setattr(
        "recommender.catalog.sync._connect", lambda model, receiver: receivers.append(receiver)
    )
    monkeypatch.setattr(
        "recommender.catalog.sync.transaction.on_commit", lambda work, robust: work()
    )

    follow_categories(models.Model, site=lambda each: site)
    receivers[0](instance=object())

    assert told == [{"site": site}]


def test_the_nightly_task_takes_every_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    Site.objects.create(domain="other.example", name="Other")
    monkeypatch.setattr("recommender.catalog.services.get_adapter", lambda: Shelf("a", "b"))

    assert reconcile_catalogs() == 4
    assert reconcile_catalogs() == 0


def test_the_command_tells_what_it_did(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Shelf("a", "b", "c")
    host.records["x"] = ProductRecord(key="x", title="")
    monkeypatch.setattr("recommender.catalog.services.get_adapter", lambda: host)
    out = StringIO()

    call_command("sync_catalog", stdout=out)

    assert out.getvalue().splitlines() == [
        "example.com: 3 created, 0 updated, 0 unchanged, 0 retired",
        "  1 refused: title is empty",
    ]
    host.records.clear()
    call_command("sync_catalog", site=site.pk, stdout=out)
    assert "Run again with --force" in out.getvalue()
    call_command("sync_catalog", force=True, stdout=out)
    assert live(site) == set()


def test_the_command_refuses_an_unknown_site(db: None) -> None:
    with pytest.raises(CommandError, match="There is no site 99"):
        call_command("sync_catalog", site=99)


def test_mirroring_inside_a_hosts_transaction_follows_its_fate(site: Site) -> None:
    with transaction.atomic():
        mirror_products(site=site, records=[ProductRecord(key="a", title="a")])
        transaction.set_rollback(True)

    assert not Product.objects.exists()

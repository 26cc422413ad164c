from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.utils import timezone
from pytest_django import Settings

from attention_shop.storefront.catalog.models import Product as ShopProduct
from consent import keys
from consent.ledger.models import Decision, Kind
from consent.ledger.verify import verify
from consent.people.models import ConsentState, Shopper
from consent.purposes import Purpose, to_mask
from consent.services import ImportRefused, erase, withdraw
from recommender.catalog.models import Product
from recommender.catalog.records import ProductRecord
from recommender.events.models import Event
from recommender.events.records import ImportReport as ImportedReport
from recommender.events.services import import_events
from recommender.imports import services
from recommender.imports.completejourney import NOT_POSITIVE, CompleteJourney
from recommender.imports.jsonl import Jsonl
from recommender.imports.models import ImportRun, ImportSource
from recommender.imports.records import ImportProblem, Refused, Source, SourceEvent
from recommender.imports.report import ImportReport
from recommender.imports.services import Shift, run_import

pytestmark = pytest.mark.django_db

Write = Callable[..., Path]
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Told:
    """A source of eight products and ``people`` x ``each`` views, failing where it is told to."""

    def __init__(self, *, people: int = 3, each: int = 4, fails_at: int | None = None) -> None:
        self.name = "told"
        self.fingerprint = "f" * 64
        self.people, self.each, self.fails_at = people, each, fails_at
        self.told = 0
        self.has_clock = True

    def newest(self) -> datetime:
        return START + timedelta(minutes=self.people * self.each - 1)

    def size(self) -> int:
        return self.people * self.each

    def products(self, *, shift: timedelta) -> Iterator[ProductRecord | Refused]:
        for number in range(8):
            yield ProductRecord(key=f"p{number}", title=f"Product {number}")

    def events(self, *, shift: timedelta) -> Iterator[SourceEvent | Refused]:
        for number in range(self.size()):
            if number == self.fails_at:
                raise KeyboardInterrupt
            self.told += 1
            yield SourceEvent(
                person=f"cust-{number // self.each}",
                id=str(number),
                kind="view",
                occurred_at=START + timedelta(minutes=number) + shift,
                product_key=f"p{number % 8}",
                visit=f"basket-{number // self.each}",
            )


def _run(site: Site, source: Source, **options: Any) -> ImportReport:
    return run_import(
        site=site,
        source=source,
        importer="test",
        legal_basis=options.pop("legal_basis", "contract, art. 6 (1) b GDPR"),
        **options,
    )


def test_products_people_and_events_arrive(site: Site, grocery_folder: Path) -> None:
    report = _run(site, CompleteJourney(grocery_folder))

    assert (report.created, report.people_new, report.accepted) == (3, 2, 4)
    assert report.refused.counts[NOT_POSITIVE] == 2
    assert report.refused.counts["the product is of a sensitive category"] == 1
    assert set(Product.objects.values_list("host_key", flat=True)) == {"25671", "900", "902"}
    assert ShopProduct.objects.count() == 3
    event = Event.rows.order_by("occurred_at").first()
    assert event is not None
    assert event.occurred_at == datetime(2017, 1, 2, 10, tzinfo=UTC)
    assert (event.value, event.price_micros) in {(2, 2_000_000), (1, 1_290_000)}


def test_the_second_import_writes_nothing(site: Site, grocery_folder: Path) -> None:
    _run(site, CompleteJourney(grocery_folder))
    before = set(Event.rows.values_list("shopper_id", "id"))

    again = _run(site, CompleteJourney(grocery_folder))

    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    assert (again.people_new, again.people_known) == (0, 2)
    assert (again.accepted, again.duplicate) == (0, 4)
    assert set(Event.rows.values_list("shopper_id", "id")) == before
    assert Shopper.objects.count() == 2
    assert Decision.objects.count() == 2
    assert ImportRun.objects.count() == 1


def test_people_are_imported_decisions_and_nothing_more(site: Site) -> None:
    _run(site, Told())

    decisions = list(Decision.objects.all())
    assert {row.kind for row in decisions} == {Kind.IMPORTED}
    assert {row.actor for row in decisions} == {"importer"}
    assert decisions[0].details == {
        "importer": "test",
        "legal_basis": "contract, art. 6 (1) b GDPR",
        "evidence_hash": "f" * 64,
    }
    expected = to_mask({Purpose.ANALYTICS, Purpose.MODEL_TRAIN})
    assert set(ConsentState.objects.values_list("purposes", flat=True)) == {expected}
    assert Shopper.objects.filter(is_imported=True, user=None).count() == 3
    assert verify(site_id=site.pk)


def test_names_of_the_source_are_stored_nowhere(site: Site) -> None:
    _run(site, Told())

    for model in (Shopper, Decision, ConsentState, Event, ImportRun, ImportSource):
        text = repr(list(model._base_manager.values()))
        assert "cust-" not in text
        assert "basket-" not in text


def test_events_of_a_visit_stay_together(site: Site) -> None:
    _run(site, Told(people=2, each=4))

    visits = set(Event.rows.values_list("shopper_id", "visit"))
    assert len(visits) == 2
    assert None not in {visit for _, visit in visits}


def test_a_killed_import_goes_on_where_it_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "EVENTS_AT_ONCE", 10)
    whole = Told(people=5, each=9)
    with pytest.raises(KeyboardInterrupt):
        _run(site, Told(people=5, each=9, fails_at=25))
    assert Event.rows.count() == 20
    assert ImportRun.objects.get().position == 20
    assert ImportRun.objects.get().finished_at is None

    report = _run(site, whole)

    assert (report.accepted, report.duplicate) == (45, 0)
    assert report.people_new == 3 + 2
    assert Event.rows.count() == 45
    assert Shopper.objects.count() == 5
    run = ImportRun.objects.get()
    assert run.position == 45
    assert run.finished_at is not None


def test_a_kill_between_events_and_their_note_stores_nothing_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "EVENTS_AT_ONCE", 10)
    with monkeypatch.context() as patch:
        patch.setattr(ImportRun, "save", _fail_on_progress)
        with pytest.raises(KeyboardInterrupt):
            _run(site, Told(people=5, each=9))
    assert Event.rows.count() == 10
    assert ImportRun.objects.get().position == 0

    report = _run(site, Told(people=5, each=9))

    assert (report.accepted, report.duplicate) == (35, 10)
    assert Event.rows.count() == 45
    assert Shopper.objects.count() == 5


def _fail_on_progress(run: ImportRun, *args: Any, **options: Any) -> None:
    if options.get("update_fields"):
        raise KeyboardInterrupt
    super(ImportRun, run).save(*args, **options)


def test_somebody_erased_here_is_not_made_again(site: Site) -> None:
    _run(site, Told())
    shopper = Shopper.objects.order_by("pk")[0]
    erase(shopper_id=shopper.pk, actor="shopper")
    assert not Shopper.objects.filter(pk=shopper.pk).exists()

    report = _run(site, Told())

    assert (report.people_new, report.people_known, report.people_gone) == (0, 2, 1)
    assert report.refused.counts == {services.GONE: 4}
    assert not Shopper.objects.filter(pk=shopper.pk).exists()
    assert Event.rows.count() == 8


def test_somebody_who_withdrew_here_stays_out(site: Site) -> None:
    _run(site, Told())
    shopper = Shopper.objects.order_by("pk")[0]
    withdraw(shopper_id=shopper.pk, purposes={Purpose.ANALYTICS}, actor="shopper")
    assert Event.rows.count() == 8

    report = _run(site, Told())

    assert report.accepted == 0
    assert report.refused.counts == {"the person does not allow it, or withdrew here": 4}
    assert Event.rows.count() == 8


def test_outside_debug_people_need_a_legal_basis(site: Site, settings: Settings) -> None:
    settings.DEBUG = False

    with pytest.raises(ImportRefused, match="legal basis"):
        _run(site, Told(), legal_basis="")

    for model in (Shopper, Product, ShopProduct, Event, ImportSource):
        assert model._base_manager.count() == 0
    assert _run(site, Told()).accepted == 12


def test_a_shift_ends_yesterday_and_stays(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _run(site, Told(), shift=Shift.TO_NOW)
    yesterday = timezone.now().date() - timedelta(days=1)
    newest = Event.rows.order_by("-occurred_at")[0].occurred_at

    assert newest.date() == yesterday
    assert newest.time() == datetime(2026, 1, 1, 12, 11).time()  # noqa: DTZ001
    assert first.newest == newest
    assert first.shift_days == (yesterday - START.date()).days

    monkeypatch.setattr(timezone, "now", lambda: datetime(2030, 1, 1, tzinfo=UTC))
    again = _run(site, Told(), shift=Shift.KEEP)
    assert again.shift_days == first.shift_days
    assert (again.accepted, again.duplicate) == (0, 12)


def test_a_source_that_needs_no_move_can_be_repeated(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: START + timedelta(days=1))

    first = _run(site, Told(), shift=Shift.TO_NOW)
    again = _run(site, Told(), shift=Shift.TO_NOW)

    assert (first.shift_days, again.shift_days) == (0, 0)
    assert (again.accepted, again.duplicate) == (0, 12)


def test_what_was_refused_is_counted_once_over_a_kill(
    site: Site, grocery_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "EVENTS_AT_ONCE", 3)
    whole = _run(site, CompleteJourney(grocery_folder), is_dry=True)
    monkeypatch.setattr(services, "import_events", _fail)
    with pytest.raises(KeyboardInterrupt):
        _run(site, CompleteJourney(grocery_folder))
    monkeypatch.setattr(services, "import_events", import_events)

    report = _run(site, CompleteJourney(grocery_folder))

    assert report.refused_products.counts == whole.refused_products.counts
    assert report.refused.counts[NOT_POSITIVE] == whole.refused.counts[NOT_POSITIVE] == 2
    assert report.refused.examples[NOT_POSITIVE] == whole.refused.examples[NOT_POSITIVE]
    assert len(ImportRun.objects.get().report["refused_products"]) == 1


def _fail(**options: Any) -> ImportedReport:
    if options["rows"]:
        raise KeyboardInterrupt
    return import_events(**options)


def test_moving_what_was_imported_unmoved_is_refused(site: Site) -> None:
    _run(site, Told())

    with pytest.raises(ImportProblem, match="a second time"):
        _run(site, Told(), shift=Shift.TO_NOW)

    assert Event.rows.count() == 12


def test_a_dry_run_writes_nothing(site: Site, grocery_folder: Path) -> None:
    report = _run(site, CompleteJourney(grocery_folder), is_dry=True)

    assert (report.created, report.people_new, report.accepted) == (3, 2, 5)
    assert report.refused.counts[NOT_POSITIVE] == 2
    for model in (Product, ShopProduct, Shopper, Decision, Event, ImportSource, ImportRun):
        assert model._base_manager.count() == 0


def test_without_a_writer_the_mirror_alone_is_filled(site: Site, settings: Settings) -> None:
    settings.ATTENTION_RECOMMENDER = {**settings.ATTENTION_RECOMMENDER, "CATALOG_WRITER": ""}

    _run(site, Told())

    assert Product.objects.count() == 8
    assert ShopProduct.objects.count() == 0


def test_a_new_state_of_a_source_adds_what_is_new(site: Site, jsonl_file: Write) -> None:
    product = {"type": "product", "key": "a", "title": "A"}
    event = {"type": "event", "id": "1", "person": "p", "kind": "view", "product": "a"}
    first = {**event, "at": "2026-01-01T00:00:00Z"}
    second = {**event, "id": "2", "at": "2026-01-02T00:00:00Z"}
    _run(site, Jsonl(jsonl_file(product, first)))

    report = _run(site, Jsonl(jsonl_file({**product, "title": "Better"}, first, second)))

    assert (report.created, report.updated) == (0, 1)
    assert (report.accepted, report.duplicate) == (1, 1)
    assert (report.people_new, report.people_known) == (0, 1)
    assert ImportSource.objects.count() == 1
    assert ImportRun.objects.count() == 2


def test_records_the_mirror_would_refuse_reach_no_table(site: Site) -> None:
    class Bad(Told):
        def products(self, *, shift: timedelta) -> Iterator[ProductRecord | Refused]:
            yield ProductRecord(key="bad", title="")
            yield from super().products(shift=shift)

    report = _run(site, Bad())

    assert report.refused_products.counts == {"title is empty": 1}
    assert report.refused_products.examples == {"title is empty": ["product bad"]}
    assert Product.objects.count() == ShopProduct.objects.count() == 8


def test_a_lost_master_key_stops_before_anybody_is_doubled(site: Site, settings: Settings) -> None:
    _run(site, Told())
    settings.ATTENTION_CONSENT = {
        **settings.ATTENTION_CONSENT,
        "KEYS": [keys.generate("other")],
    }

    with pytest.raises(ImportProblem, match="is gone"):
        _run(site, Told())

    assert Shopper.objects.count() == 3


def test_a_new_first_key_meets_the_same_people(site: Site, settings: Settings) -> None:
    old, new = keys.generate("old"), keys.generate("new")
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "KEYS": [old]}
    _run(site, Told())
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "KEYS": [new, old]}

    report = _run(site, Told())

    assert (report.people_new, report.people_known) == (0, 3)


def test_sites_do_not_share_people(site: Site) -> None:
    other = Site.objects.create(domain="other.example", name="Other")
    _run(site, Told())

    report = _run(other, Told())

    assert report.people_new == 3
    assert Shopper.objects.for_site(other).count() == 3
    assert Shopper.objects.count() == 6


def test_progress_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "EVENTS_AT_ONCE", 5)
    said: list[tuple[str, int, int]] = []

    _run(site, Told(), progress=lambda *each: said.append(each))

    assert said == [
        ("products", 8, 8),
        ("events", 0, 12),
        ("events", 5, 12),
        ("events", 10, 12),
        ("events", 12, 12),
    ]

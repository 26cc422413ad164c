"""Bring a source into the shop: products, people and events; safe to repeat and to kill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from enum import Enum
from itertools import islice
from typing import TypeVar

from django.contrib.sites.models import Site
from django.utils import timezone

from consent.keys import keyring
from recommender.catalog.adapter import get_catalog_writer
from recommender.catalog.records import ProductRecord
from recommender.catalog.services import mirror_products
from recommender.catalog.validation import refusal_of
from recommender.events.kinds import Kind
from recommender.events.records import ImportedEvent
from recommender.events.services import import_events
from recommender.imports.models import ImportRun, ImportSource
from recommender.imports.people import People, master_key
from recommender.imports.records import ImportProblem, Refused, Source, SourceEvent
from recommender.imports.report import ImportReport

PRODUCTS_AT_ONCE = 250
"""Products told to the writer and the mirror at once: their transactions stay short."""

EVENTS_AT_ONCE = 10_000
"""Events between two notes of how far an import came; the door commits far smaller batches."""

GONE = "the person was erased here before"

Progress = Callable[[str, int, int], None]
"""Called with what is under way, how much is done, and about how much there is."""

T = TypeVar("T")


class Shift(Enum):
    """What becomes of the source's times."""

    KEEP = "keep"
    TO_NOW = "to now"


def run_import(
    *,
    site: Site,
    source: Source,
    importer: str,
    legal_basis: str,
    shift: Shift = Shift.KEEP,
    is_dry: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Write ``source`` into ``site``; the second time nothing is new.

    Products go through the host's catalog writer, if there is one, and into the mirror. People
    become imported shoppers. Events keep their times, moved by whole days so that the newest is
    yesterday's with ``Shift.TO_NOW``; the move is kept for every later import of the source.

    An import that was killed goes on where it was; a finished one is compared from the start.

    Raises:
        ImportProblem: the source or the request does not fit what was imported before.
        ImportRefused: no legal basis outside ``DEBUG``. Nothing is written in either case.
    """
    say = progress or (lambda what, done, total: None)
    held = ImportSource.objects.filter(site=site, name=source.name).first()
    days = _shift_days(source, held, shift)
    if is_dry:
        report = _begin(source, days or 0)
        report.is_dry = True
        _read_only(source, report, say)
        return report
    kid = keyring().first.kid if held is None else held.kid
    people = People(
        site=site,
        source=source.name,
        key=master_key(kid),
        importer=importer,
        legal_basis=legal_basis,
        evidence_hash=source.fingerprint,
    )
    people.check()
    if held is None:
        held, _ = ImportSource.objects.get_or_create(
            site=site, name=source.name, defaults={"kid": kid, "shift_days": days}
        )
    report = _begin(source, held.shift_days or 0)
    run = _open(held, source, legal_basis)
    report.restore(run.report)
    _write_products(site, source, report, say)
    _write_events(site, source, people, run, report, say)
    return report


def _begin(source: Source, days: int) -> ImportReport:
    newest = source.newest()
    return ImportReport(
        source=source.name,
        shift_days=days,
        has_clock=source.has_clock,
        newest=None if newest is None else newest + timedelta(days=days),
    )


def _shift_days(source: Source, held: ImportSource | None, shift: Shift) -> int | None:
    """Days to move the source by; None keeps its own times, and stays so."""
    if held is not None:
        if shift is Shift.TO_NOW and held.shift_days is None:
            raise ImportProblem(
                f"{source.name} was imported with its own times before; moving them now would "
                "store every event a second time."
            )
        return held.shift_days
    newest = source.newest()
    if shift is Shift.KEEP or newest is None:
        return None
    yesterday = timezone.now().date() - timedelta(days=1)
    return (yesterday - newest.date()).days


def _open(held: ImportSource, source: Source, legal_basis: str) -> ImportRun:
    """The run of this state of the source; one that was finished begins again."""
    run, _ = ImportRun.objects.get_or_create(
        source=held, fingerprint=source.fingerprint, defaults={"legal_basis": legal_basis}
    )
    if run.finished_at is not None:
        run.position, run.report, run.finished_at = 0, {}, None
        run.legal_basis = legal_basis or run.legal_basis
        run.save()
    return run


def _write_products(site: Site, source: Source, report: ImportReport, say: Progress) -> None:
    writer = get_catalog_writer()
    done = 0
    for records in _chunks(_products(source, report), PRODUCTS_AT_ONCE):
        if writer is not None:
            writer.write_products(site=site, records=records)
        mirrored = mirror_products(site=site, records=records)
        report.created += mirrored.created
        report.updated += mirrored.updated
        report.unchanged += mirrored.unchanged
        done += len(records)
        say("products", done, done)


def _products(source: Source, report: ImportReport) -> Iterator[ProductRecord]:
    """The source's products that can be mirrored; the others are counted."""
    for row in source.products(shift=timedelta(days=report.shift_days)):
        if isinstance(row, Refused):
            report.refused_products.add(row)
        elif cause := refusal_of(row):
            report.refused_products.add(Refused(f"product {row.key[:40]}", cause))
        else:
            yield row


def _write_events(
    site: Site,
    source: Source,
    people: People,
    run: ImportRun,
    report: ImportReport,
    say: Progress,
) -> None:
    total = max(source.size(), run.position)
    met = (report.people_new, report.people_known, report.people_gone)
    rows = islice(source.events(shift=timedelta(days=report.shift_days)), run.position, None)
    say("events", run.position, total)
    for chunk in _chunks(rows, EVENTS_AT_ONCE):
        told = list(_readable(chunk, report))
        _store(site, source.name, told, people, report)
        run.position += len(chunk)
        report.people_new = met[0] + people.new
        report.people_known = met[1] + people.known
        report.people_gone = met[2] + len(people.gone)
        run.report = report.as_json()
        run.save(update_fields=["position", "report", "updated_at"])
        say("events", run.position, max(total, run.position))
    run.finished_at = timezone.now()
    run.report = report.as_json()
    run.save()


def _store(
    site: Site, name: str, told: list[SourceEvent], people: People, report: ImportReport
) -> None:
    keys = people.shoppers(event.person for event in told)
    rows = []
    for event in told:
        shopper_id = keys[event.person]
        if shopper_id in people.gone:
            report.refused.add_many(GONE, 1)
            continue
        rows.append(
            ImportedEvent(
                shopper_id=shopper_id,
                source_id=f"{name}:{event.id}",
                kind=Kind(event.kind),
                occurred_at=event.occurred_at,
                product_key=event.product_key,
                value=event.value,
                price_micros=event.price_micros,
                visit=None if event.visit is None else f"{name}:{event.visit}",
            )
        )
    stored = import_events(site=site, rows=rows)
    report.accepted += stored.accepted
    report.duplicate += stored.duplicate
    report.count_events(stored.refused)


def _readable(rows: Iterable[SourceEvent | Refused], report: ImportReport) -> Iterator[SourceEvent]:
    for row in rows:
        if isinstance(row, Refused):
            report.refused.add(row)
        else:
            yield row


def _read_only(source: Source, report: ImportReport, say: Progress) -> None:
    """Read everything and count what is readable; write nothing."""
    report.created = sum(1 for _ in _products(source, report))
    people = set()
    events = source.events(shift=timedelta(days=report.shift_days))
    for number, event in enumerate(_readable(events, report), start=1):
        people.add(event.person)
        report.accepted += 1
        if number % EVENTS_AT_ONCE == 0:
            say("events", number, max(source.size(), number))
    report.people_new = len(people)


def _chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, size)):
        yield chunk

"""Times of one process on the database of the settings in force."""

from __future__ import annotations

import io
import itertools
import time
import uuid
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import numpy as np
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from benchmarks.consent.__main__ import BASELINE, OURS
from consent import services
from consent.chains.checkpoints import write_checkpoint
from consent.erasure.models import Erasure
from consent.gate import lock_permits, permit
from consent.ledger.append import append
from consent.ledger.chain import DECISIONS as CHAIN
from consent.ledger.entry import Draft
from consent.ledger.verify import verify
from consent.people.models import ConsentState
from consent.purposes import Purpose
from consent.tasks import finish_erasure
from consent.visitor import Level, Visitor
from recommender.catalog.models import Product
from recommender.events.kinds import Kind
from recommender.events.records import ImportedEvent
from recommender.events.services import import_events

Times = dict[str, dict[str, float]]

PEOPLE, CALLS, DECISIONS, EVENTS = 1_000, 5_000, 50_000, 100_000
QUICK = (100, 500, 5_000, 5_000)
BEACON = 10


def measure(*, parts: Collection[str], quick: bool) -> Times:
    """Return the figures of each part, by what was done."""
    people, calls, decisions, events = QUICK if quick else (PEOPLE, CALLS, DECISIONS, EVENTS)
    call_command("consent_keys", create=True, stdout=io.StringIO())
    call_command("migrate", verbosity=0)
    measured: Times = {}
    if "gate" in parts:
        measured |= _gate([_shopper() for _ in range(people)], calls)
    if "ledger" in parts:
        measured |= _ledger(decisions, calls // 5)
    if "erasure" in parts:
        measured |= _erasure(events)
    return measured


def _shopper() -> UUID:
    return services.grant_remember(request=RequestFactory().get("/")).pk


def _gate(shoppers: list[UUID], calls: int) -> Times:
    turn = itertools.cycle(shoppers)

    def ask() -> None:
        assert permit(Visitor(Level.REMEMBER, 1, shopper_id=next(turn)), Purpose.ANALYTICS)

    def ask_for_nobody() -> None:
        assert not permit(Visitor(Level.UNDECIDED, 1), Purpose.ANALYTICS)

    def hold() -> None:
        with transaction.atomic():
            assert lock_permits([next(turn) for _ in range(BEACON)], Purpose.ANALYTICS)

    def read() -> None:
        assert ConsentState.objects.values_list("purposes").get(pk=next(turn))

    return {
        OURS: _times(ask, calls),
        "gate, visitor without a key": _times(ask_for_nobody, calls),
        f"gate held for {BEACON} people and committed": _times(hold, calls // 5),
        BASELINE: _times(read, calls),
    }


def _ledger(decisions: int, singles: int) -> Times:
    site_id = Site.objects.get_current().pk

    def decide() -> None:
        with transaction.atomic():
            append(site_id=site_id, drafts=[_draft()])

    single = _times(decide, singles)
    batch = 250
    began = time.perf_counter()
    for _ in range(decisions // batch):
        with transaction.atomic():
            append(site_id=site_id, drafts=[_draft() for _ in range(batch)])
    batches = time.perf_counter() - began
    began = time.perf_counter()
    assert write_checkpoint(chain=CHAIN, site_id=site_id)
    signed = time.perf_counter() - began
    began = time.perf_counter()
    report = verify()
    verified = time.perf_counter() - began
    assert report
    assert report.checkpoints == 1
    return {
        "ledger, one decision a commit": single,
        f"ledger, {batch} decisions a commit": {"per_s": decisions / batches},
        "ledger, rows signed by a checkpoint": {"per_s": report.rows / signed},
        f"ledger, {report.rows:,} rows verified": {"per_s": report.rows / verified},
    }


def _erasure(events: int) -> Times:
    """A person asks to be erased: what they wait for, and until everything is gone."""
    site, now = Site.objects.get_current(), timezone.now()
    product = Product.objects.create(
        site=site, host_key="sku", title="Product", price_micros=1, created_at=now, updated_at=now
    )
    person = _shopper()
    report = import_events(
        site=site,
        rows=[
            ImportedEvent(
                shopper_id=person,
                source_id=str(number),
                kind=Kind.VIEW,
                value=None,
                occurred_at=now - timedelta(seconds=events - number),
                product_key=product.host_key,
            )
            for number in range(events)
        ],
    )
    assert report.accepted == events, report
    began = time.perf_counter()
    with mock.patch("consent.erasure.begin.enqueue"):
        services.erase(shopper_id=person, actor="shopper")
    waited = time.perf_counter() - began
    while due := Erasure.objects.due().values_list("pk", flat=True).first():
        finish_erasure(due)
    gone = time.perf_counter() - began
    return {
        f"erasure of {events:,} events, what the person waits": {"wall_s": waited},
        f"erasure of {events:,} events, until all is gone": {
            "wall_s": gone,
            "per_s": events / gone,
        },
    }


def _draft() -> Draft:
    return Draft(
        kid="bench",
        subject=uuid.uuid4().hex * 2,
        kind="granted",
        purposes="analytics model.train recs.personal",
        generation=1,
        policy="f" * 64,
        language="en",
        source="banner",
        gpc=False,
        actor="shopper",
        details={},
    )


def _times(call: Callable[[], Any], calls: int) -> dict[str, float]:
    for _ in range(calls // 10):
        call()
    walls = []
    for _ in range(calls):
        began = time.perf_counter_ns()
        call()
        walls.append(time.perf_counter_ns() - began)
    p50, p99 = np.percentile(walls, [50, 99]) / 1e6
    return {"p50_ms": float(p50), "p99_ms": float(p99), "per_s": 1e9 / float(np.mean(walls))}

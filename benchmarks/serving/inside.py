"""Times of one process without a server between: ``serve()``, its parts, and the baseline."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory

from benchmarks.serving.urls import precomputed_rows
from consent.visitor import Level, Visitor
from recommender.events.kinds import Kind
from recommender.events.services import record
from recommender.serving import live
from recommender.serving.context import SlateContext
from recommender.serving.services import serve
from recommender.serving.slate import Mode, Rung

HOME = SlateContext()
PAGE = Template("{% load attention %}{% recommendations 'home' %}")


def measure(*, products: int, calls: int) -> dict[str, dict[str, float]]:
    """Times by name, each {p50_ms, p99_ms, cpu_ms}; and how long the model took to open."""
    shoppers = [shopper for shopper, _ in json.loads(_people().read_text())]
    turn = itertools.cycle(shoppers)
    began = time.perf_counter()
    serve(request=_request(next(turn)), placement="home", context=HOME)
    opened = (time.perf_counter() - began) * 1000
    second = serve(request=_request(next(turn)), placement="home", context=HOME)
    assert second.rung is Rung.MODEL, second.cause
    keys = (f"sku-{number % products}" for number in itertools.count(7, 13))

    def live_requests() -> Iterator[HttpRequest]:
        """Requests of people who viewed something a moment ago."""
        for shopper in turn:
            request = _request(shopper)
            assert record(request=request, kind=Kind.VIEW, product_key=next(keys))
            yield request

    return {
        "serve": _times(_personal, live_requests(), calls),
        "tag": _times(
            lambda request: PAGE.render(Context({"request": request})), live_requests(), calls
        ),
        "contextual": _times(
            lambda request: serve(request=request, placement="home", context=HOME),
            (_request(None) for _ in itertools.count()),
            calls,
        ),
        "related": _times(
            lambda request: serve(
                request=request, placement="product", context=SlateContext(product="sku-5")
            ),
            (_request(None) for _ in itertools.count()),
            calls,
        ),
        "rank": _times(_rank(), itertools.count(), calls),
        "precomputed": _times(precomputed_rows, turn, calls),
        "open": {"p50_ms": opened},
    }


def _people() -> Path:
    return Path(settings.VAR_DIR) / "people.json"


def _request(shopper: str | None) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    request.session = SessionStore()
    visitor = Visitor(Level.UNDECIDED, 1)
    if shopper is not None:
        visitor = Visitor(Level.REMEMBER, 1, shopper_id=UUID(hex=shopper))
    request.visitor = visitor  # type: ignore[attr-defined]
    return request


def _personal(request: HttpRequest) -> None:
    slate = serve(request=request, placement="home", context=HOME)
    assert slate.mode is Mode.PERSONAL, slate.cause
    assert len(slate.items) == 8


def _rank() -> Callable[[Any], object]:
    from django.contrib.sites.models import Site

    published = live.current(site=Site.objects.get_current()).published
    draw = np.random.default_rng(9)
    history = draw.integers(published.meta.n, size=50)
    ages = np.arange(50, 0, -1) * 3600.0
    return lambda _: published.rank(history, ages, k=16)


def _times(call: Callable[[Any], object], inputs: Iterator[Any], calls: int) -> dict[str, float]:
    walls, cpus = [], []
    for number, given in enumerate(itertools.islice(inputs, calls + calls // 10)):
        cpu, wall = time.process_time_ns(), time.perf_counter_ns()
        call(given)
        if number >= calls // 10:
            walls.append(time.perf_counter_ns() - wall)
            cpus.append(time.process_time_ns() - cpu)
    p50, p99 = np.percentile(walls, [50, 99]) / 1e6
    return {"p50_ms": float(p50), "p99_ms": float(p99), "cpu_ms": float(np.mean(cpus) / 1e6)}

"""The script of the page: small, without storage, silent unless allowed."""

from __future__ import annotations

import gzip
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from recommender.events.batch import Refused, read_batch

SCRIPT = (
    Path(__file__).resolve().parents[3] / "recommender/static/attention_recommender/attention.js"
)
VIEW = "019f0000-0000-7000-8000-000000000001"
CARDS = "".join(
    f'<li data-attention-item="p{n}" data-attention-placement="home" data-attention-slate='
    f'"{uuid.UUID(int=n)}" data-attention-position="{n}"><a href="/next">Card {n}</a></li>'
    for n in range(3)
)
PAGE = """<!doctype html><meta charset="utf-8"><title>t</title>
<style>li {{ height: 200px; width: 200px }} #far {{ margin-top: 5000px }}</style>
<ul>{cards}</ul><button data-attention-event="share">Share</button>
<ul id="far"><li data-attention-item="far"><a href="/next">Far</a></li></ul>
<script defer src="/attention.js" data-attention-endpoint="/attention/events/"
  data-attention-level="{level}" data-attention-product="tea" {view}></script>"""


def test_the_script_is_small() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) < 5 * 1024


def test_the_script_keeps_nothing_and_loads_nothing() -> None:
    code = SCRIPT.read_text()

    for word in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches."):
        assert word not in code
    assert not re.search(r"\beval\b|new Function|innerHTML|https?://|import\b", code)


class Server:
    """A page with the script, and the batches that came back from it."""

    def __init__(self) -> None:
        self.level = "remember"
        self.view = ""
        self.batches: list[dict[str, Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/attention.js":
                    self._answer(SCRIPT.read_bytes(), "text/javascript")
                else:
                    page = PAGE.format(cards=CARDS, level=server.level, view=server.view)
                    self._answer(page.encode(), "text/html")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.batches.append(
                    {"type": self.headers["Content-Type"], "body": json.loads(body)}
                )
                self._answer(b"{}", "application/json")

            def _answer(self, body: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if kind == "text/html":
                    policy = "default-src 'none'; script-src 'self'; connect-src 'self'"
                    self.send_header(
                        "Content-Security-Policy", policy + "; style-src 'unsafe-inline'"
                    )
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for batch in self.batches for event in batch["body"]["events"]]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == kind]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 800, "height": 700})
    yield context.new_page()
    context.close()


def until(condition: Callable[[], Any], page: Page) -> None:
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within five seconds")


def test_a_view_goes_at_once_and_the_rest_when_the_page_is_left(server: Server, page: Page) -> None:
    server.view = f'data-attention-view="{VIEW}"'
    page.goto(server.url)
    until(lambda: server.of_kind("view"), page)
    assert server.events == [{"id": VIEW, "kind": "view", "product": "tea"}]
    page.wait_for_timeout(1600)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("link", name="Card 1").click()
    until(lambda: server.of_kind("dwell"), page)

    impressions = [event["product"] for event in server.of_kind("impression")]
    assert impressions[:4] == ["p0", "p1", "p2", "far"]
    assert sorted(event["product"] for event in server.of_kind("viewable")) == ["p0", "p1", "p2"]
    (click,) = server.of_kind("click")
    assert {name: click[name] for name in ("product", "placement", "slate", "position")} == {
        "product": "p1",
        "placement": "home",
        "slate": str(uuid.UUID(int=1)),
        "position": 1,
    }
    assert [event["product"] for event in server.of_kind("share")] == ["tea"]
    (dwell,) = server.of_kind("dwell")
    assert dwell["product"] == "tea"
    assert 1500 <= dwell["value"] < 20_000


def test_what_it_sends_is_what_the_beacon_reads(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.wait_for_timeout(1300)
    page.goto("about:blank")
    until(lambda: server.of_kind("dwell"), page)

    read = [
        answer
        for batch in server.batches
        for answer in read_batch(json.dumps(batch["body"]).encode(), now=datetime.now(UTC)).events
    ]
    assert [answer for answer in read if isinstance(answer, Refused)] == []
    ids = [event["id"] for event in server.events if event["kind"] != "view"]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {batch["type"].split(";")[0] for batch in server.batches} <= {
        "application/json",
        "text/plain",
    }


def test_a_visit_sends_its_view_alone(server: Server, page: Page) -> None:
    server.level = "visit"
    page.goto(server.url)
    page.wait_for_timeout(1300)
    page.get_by_role("link", name="Card 1").click()
    page.wait_for_timeout(300)

    assert {event["kind"] for event in server.events} == {"view"}


@pytest.mark.parametrize("level", ["undecided", "off", "", "everything"])
def test_without_permission_it_does_nothing(level: str, server: Server, page: Page) -> None:
    server.level = level
    page.goto(server.url)
    page.wait_for_timeout(300)
    page.get_by_role("link", name="Card 1").click()
    page.wait_for_timeout(200)

    assert server.batches == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]


def test_cards_that_come_later_are_noticed(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.evaluate(
        "() => { const card = document.createElement('li'); card.dataset.attentionItem = 'late';"
        " document.querySelector('ul').append(card); }"
    )
    page.wait_for_timeout(100)
    page.goto("about:blank")
    until(lambda: server.of_kind("impression"), page)

    assert [event["product"] for event in server.of_kind("impression")].count("late") == 1

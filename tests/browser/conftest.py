"""A real shop in processes of its own, and a real Chromium in front of it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Shop:
    """The running shop.

    Attributes:
        url: where it answers, without a slash at the end.
        database: its SQLite file, opened read-only by `count`.
        logins: e-mail or user name -> password of the demo accounts.
    """

    url: str
    database: Path
    environment: dict[str, str]

    def count(self, table: str, where: str = "1 = 1") -> int:
        """Rows of ``table``, as committed at this moment."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            rows = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}")
            return int(rows.fetchone()[0])

    def manage(self, *arguments: str) -> str:
        """Run ``manage.py`` in the shop's environment and return what it printed."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A small artificial shop with a trained model, served by granian."""
    var = tmp_path_factory.mktemp("var")
    environment = {
        **os.environ,
        "ATTENTION_VAR": str(var),
        "DEBUG": "1",
        "OMP_NUM_THREADS": "1",
        "SLATE_BUDGET_MS": "2000",
        "PYTHONPATH": str(ROOT),
    }
    filled = Shop("", var / "shop.sqlite3", environment)
    filled.manage("consent_keys", "--create")
    filled.manage("migrate", "--noinput")
    filled.manage("simulate", "--products", "300", "--shoppers", "300", "--seed", "7")
    filled.manage("train", "--cpu-seconds", "20")
    with served(filled.database, environment) as running:
        yield running


@contextmanager
def served(
    database: Path, environment: dict[str, str], log_name: str = "web.log"
) -> Iterator[Shop]:
    """Serve the shop of ``environment`` on a free port until the block ends."""
    port = _free_port()
    shop = Shop(f"http://127.0.0.1:{port}", database, environment)
    log = database.parent / log_name
    with log.open("wb") as file:
        web = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
                *("--blocking-threads", "4"),
                *("--host", "127.0.0.1", "--port", str(port)),
                "attention_shop.wsgi:application",
            ],
            env=environment,
            cwd=ROOT,
            stdout=file,
            stderr=file,
        )
        try:
            _wait_for(shop.url, web, log)
            yield shop
        finally:
            web.terminate()
            web.wait(10)


@pytest.fixture
def context(chromium: Browser, shop: Shop) -> Iterator[BrowserContext]:
    """A browser profile nobody has used."""
    context = chromium.new_context(base_url=shop.url, locale="en-US")
    context.set_default_timeout(10_000)
    expect.set_options(timeout=10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The shop did not answer: {log.read_text()[-3000:]}")

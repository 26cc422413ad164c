"""What the tests of the rights share: things kept by account and by order mail, in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from consent import holdings
from consent.holdings import Account, Guest, Holding, Records, register
from consent.purposes import Purpose
from tests.consent.support import OWN

Kept = dict[Any, list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _public_url(settings: Settings) -> None:
    settings.ATTENTION_CONSENT = {
        **settings.ATTENTION_CONSENT,
        "PUBLIC_URL": "https://shop.example",
        "REQUEST_STAFF_MAIL": ["staff@shop.example"],
    }


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Rows of a host by account and by guest, and nothing of any other app but this one's own."""
    rows: Kept = {}

    def erase(key: Any, limit: int | None) -> int:
        gone = rows.get(key, [])[:limit]
        rows[key] = rows.get(key, [])[len(gone) :]
        return len(gone)

    def records() -> Records[Any]:
        return Records(
            count=lambda key: len(rows.get(key, [])),
            export=lambda key: iter(rows.get(key, [])),
            erase=erase,
        )

    own = {
        label: each
        for label, each in holdings._holdings.items()
        if label in {"shopper", "decisions", "erasures", "requests"}
    }
    monkeypatch.setattr(holdings, "_holdings", own)
    by_account: Records[Account] = records()
    by_mail: Records[Guest] = records()
    register(
        Holding(
            label="host.orders",
            title="Orders",
            models=(),
            purpose=Purpose.NECESSARY,
            retention="ten years",
            source="You gave it",
            recipients="The parcel service",
            schema={"number": "order number", "city": "where it went"},
            count=lambda shopper_id: 0,
            export=lambda shopper_id: [],
            erase=lambda shopper_id, limit: 0,
            by_account=by_account,
            by_mail=by_mail,
        )
    )
    return rows


@pytest.fixture
def account(db: None) -> User:
    return User.objects.create_user("ann", "ann@example.com", "correct horse 9")


@pytest.fixture
def signed_in(browser: Client, account: User) -> Client:
    browser.force_login(account)
    return browser


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Run what waits for the commit: the mails."""

    def run() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    return run


@pytest.fixture
def second_browser() -> Client:
    return Client(headers=OWN)

"""What sessions hold is found by the account, shown, erased, and gone when they are over."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.contrib.sessions.models import Session
from django.contrib.sites.models import Site
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from attention_shop.storefront.accounts.session_store import SessionStore, ShopSession
from attention_shop.storefront.accounts.sessions import BATCH, sessions_holding
from attention_shop.storefront.checks import check_session_engine
from consent.models import Shopper
from consent.retention.run import apply_retention
from tests.attention_shop.storefront.support import MakeProduct
from tests.consent.support import new_shopper

PATH = "attention_shop.storefront.migrations.0003_shop_session"


@pytest.fixture
def shopper(site: Site, account: User) -> Shopper:
    return new_shopper(site, user=account)


def put(client: Client, **content: Any) -> None:
    """Let a browser's session hold something."""
    session = client.session
    session.update(content)
    session.save()


def test_every_device_of_the_account_is_shown_and_nobody_elses(
    signed_in: Client, second_browser: Client, account: User, shopper: Shopper
) -> None:
    # Given two devices with something in their sessions, one with a login alone, and a stranger's
    second_browser.force_login(account)
    put(signed_in, seen="mug")
    put(second_browser, seen="lamp", language="en")
    Client().force_login(account)
    stranger = Client()
    stranger.force_login(User.objects.create_user("eve@example.com"))
    put(stranger, seen="rug")

    holding = sessions_holding()

    told = sorted(holding.export(shopper.pk), key=repr)
    assert told == [{"seen": "lamp", "language": "en"}, {"seen": "mug"}]
    assert holding.count(shopper.pk) == 2


def test_erasing_empties_the_sessions_and_leaves_the_logins(
    signed_in: Client, second_browser: Client, account: User, shopper: Shopper
) -> None:
    second_browser.force_login(account)
    put(signed_in, seen="mug")
    put(second_browser, seen="lamp")
    stranger = Client()
    stranger.force_login(User.objects.create_user("eve@example.com"))
    put(stranger, seen="rug")
    holding = sessions_holding()

    assert [holding.erase(shopper.pk, 1) for _ in range(3)] == [1, 1, 0]

    assert holding.count(shopper.pk) == 0
    assert signed_in.get("/account/").status_code == 200
    assert second_browser.get("/account/").status_code == 200
    assert stranger.session["seen"] == "rug"


def test_a_session_knows_its_account_from_login_to_logout(
    browser: Client, account: User, make_product: MakeProduct
) -> None:
    make_product("mug")

    def owners() -> list[int | None]:
        return list(ShopSession.objects.values_list("user_id", flat=True))

    browser.post("/basket/add/", {"product": "mug"})
    assert owners() == [None]

    browser.post("/account/login/", {"username": account.username, "password": "correct horse 9"})
    assert owners() == [account.pk]

    browser.post("/account/logout/")
    assert owners() == []


def test_no_other_session_is_read(
    signed_in: Client, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given many live sessions of others
    put(signed_in, seen="mug")
    for number in range(20):
        other = SessionStore()
        other.update({"seen": f"p{number}"})
        other.save()
    decoded: list[str] = []
    decode = ShopSession.get_decoded
    monkeypatch.setattr(
        ShopSession,
        "get_decoded",
        lambda row: decoded.append(row.session_key) or decode(row),  # type: ignore[func-returns-value]
    )

    assert sessions_holding().count(shopper.pk) == 1

    assert decoded == [signed_in.session.session_key]


def test_sessions_go_with_their_account(signed_in: Client, account: User) -> None:
    put(signed_in, seen="mug")

    account.delete()

    assert not ShopSession.objects.exists()


def test_a_request_that_outlives_its_account_still_ends(signed_in: Client, account: User) -> None:
    session = signed_in.session
    account.delete()

    session["seen"] = "mug"
    session.create()

    assert ShopSession.objects.get().get_decoded()["seen"] == "mug"


def test_what_is_over_is_neither_shown_nor_kept(signed_in: Client, shopper: Shopper) -> None:
    put(signed_in, seen="mug")
    now = timezone.now()
    ShopSession.objects.update(expire_date=now - timedelta(seconds=1))
    ShopSession.objects.bulk_create(
        ShopSession(session_key=f"over-{number}", session_data="", expire_date=now - timedelta(1))
        for number in range(BATCH)
    )
    live = SessionStore()
    live.save()

    assert sessions_holding().count(shopper.pk) == 0
    counts = apply_retention()

    assert counts["attention_storefront.sessions"] == BATCH + 1
    assert [row.session_key for row in ShopSession.objects.all()] == [live.session_key]


def test_an_engine_whose_sessions_cannot_be_found_is_told(settings: Settings) -> None:
    assert check_session_engine() == []

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"

    assert [each.id for each in check_session_engine()] == ["attention_storefront.W001"]


def test_sessions_of_djangos_table_move_in_and_out(account: User) -> None:
    # Given a login, a visitor and one that is over, in Django's table
    migration = import_module(PATH)
    contents = {
        "some-login": {"_auth_user_id": str(account.pk)},
        "some-visitor": {"seen": "mug"},
        "some-over": {},
    }
    now = timezone.now()
    for key, content in contents.items():
        ends = now + timedelta(days=-1 if key == "some-over" else 1)
        Session.objects.create(
            session_key=key, session_data=DjangoStore().encode(content), expire_date=ends
        )

    migration.move_in(apps, connection.schema_editor())

    assert not Session.objects.exists()
    rows = {row.session_key: row for row in ShopSession.objects.all()}
    assert {key: row.user_id for key, row in rows.items()} == {
        "some-login": account.pk,
        "some-visitor": None,
    }
    assert SessionStore("some-visitor")["seen"] == "mug"

    migration.move_out(apps, connection.schema_editor())

    assert not ShopSession.objects.exists()
    assert DjangoStore("some-visitor")["seen"] == "mug"
    assert Session.objects.count() == 2

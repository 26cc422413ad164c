"""What a login does, for everything that account and browser may have said before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.test import Client

from consent import services
from consent.models import ConsentState, Shopper
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.visitor import read_key
from tests.consent.support import new_shopper

pytestmark = pytest.mark.django_db

PASSWORD = "a long pass phrase"

# What the account said, what was said in the browser -> the browser's level afterwards, whether
# its own history is offered, and whether that history is still there.
TABLE = [
    ("nothing", "nothing", "undecided", False, False),
    ("nothing", "off", "off", False, False),
    ("nothing", "visit", "undecided", False, False),
    ("nothing", "remember", "undecided", True, True),
    ("no", "nothing", "off", False, False),
    ("no", "off", "off", False, False),
    ("no", "visit", "off", False, False),
    ("no", "remember", "off", False, False),
    ("some", "nothing", "remember", False, False),
    ("some", "off", "off", False, False),
    ("some", "visit", "remember", False, False),
    ("some", "remember", "remember", False, False),
    ("all", "nothing", "remember", False, False),
    ("all", "off", "off", False, False),
    ("all", "visit", "remember", False, False),
    ("all", "remember", "remember", True, True),
]
GRANTED = {"no": frozenset[Purpose](), "some": {Purpose.RECS_PERSONAL}, "all": BANNER_PURPOSES}


def account_that_said(site: Site, user: Any, said: str) -> UUID | None:
    if said == "nothing":
        return None
    account = new_shopper(site, user)
    services.withdraw(
        shopper_id=account.pk, purposes=BANNER_PURPOSES - GRANTED[said], actor="shopper"
    )
    return account.pk


@pytest.mark.parametrize(("account", "said", "level", "is_offered", "is_kept"), TABLE)
def test_login(
    browser: Client,
    site: Site,
    account: str,
    said: str,
    level: str,
    is_offered: bool,
    is_kept: bool,
) -> None:
    # Given what the account and the browser said
    user = get_user_model().objects.create_superuser("ann", password=PASSWORD)
    account_id = account_that_said(site, user, account)
    if said != "nothing":
        browser.post("/attention/consent/", {"choice": said})
    own = Shopper.objects.filter(user=None).values_list("pk", flat=True).first()

    # When the person logs in
    form = {"username": "ann", "password": PASSWORD, "next": "/attention/preferences/"}
    browser.post("/admin/login/", form)

    # Then the account's decision holds, any refusal wins, and nothing of the browser joined
    page = browser.get("/attention/preferences/").content.decode()
    assert browser.get("/attention/consent/state/").json()["level"] == level
    assert ("Is this your history?" in page) is is_offered
    assert Shopper.objects.filter(pk=own).exists() is is_kept
    assert not Shopper.objects.filter(pk=own, user__isnull=False).exists()
    if account_id is not None:
        assert ConsentState.objects.get(pk=account_id).granted == GRANTED[account]
    cookie = browser.cookies.get("attention_key")
    key = read_key(cookie.value, str(user.pk)) if cookie and cookie.value else None
    assert key == (account_id if level == "remember" else None)

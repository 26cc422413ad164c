"""The state table: level of the browser x account x its decision x Global Privacy Control."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.test import Client

from consent import services
from consent.gate import permit
from consent.purposes import BANNER_PURPOSES, Purpose
from consent.visitor import read_visitor
from recommender.serving.profile import read_profile
from recommender.serving.slate import Mode
from tests.consent.support import OWN, new_shopper, of_page, request_of

PASSWORD = "a long pass phrase"

NONE: frozenset[Purpose] = frozenset()
RECORD = frozenset({Purpose.ANALYTICS})
RANK = frozenset({Purpose.RECS_PERSONAL})
BANNER = BANNER_PURPOSES
ALL = BANNER | {Purpose.ADS_PERSONAL, Purpose.EXPERIMENT}

CONTEXTUAL, VISIT, PERSONAL = Mode.CONTEXTUAL, Mode.VISIT, Mode.PERSONAL


class Outcome(NamedTuple):
    """What a row of the table promises: level, permitted purposes, cookies of ours, mode."""

    level: str
    permitted: frozenset[Purpose]
    cookies: set[str]
    mode: Mode


NOBODY = Outcome("undecided", NONE, set(), CONTEXTUAL)
OFF = Outcome("off", NONE, {"choice"}, CONTEXTUAL)
IN_VISIT = Outcome("visit", RANK, {"visit"}, VISIT)
SOME_REMEMBERED = Outcome("remember", RECORD, {"key"}, CONTEXTUAL)
ALL_REMEMBERED = Outcome("remember", ALL, {"key"}, PERSONAL)
OFFERED = Outcome("undecided", NONE, {"offer"}, CONTEXTUAL)

# Browser, then account: "-" nobody logs in. The account's decision wins; any refusal wins; a
# history of the browser is never used under an account, only offered.
TABLE: dict[tuple[str, str], Outcome] = {
    ("undecided", "-"): NOBODY,
    ("undecided", "none"): NOBODY,
    ("undecided", "refused"): OFF,
    ("undecided", "some"): SOME_REMEMBERED,
    ("undecided", "all"): ALL_REMEMBERED,
    ("off", "-"): OFF,
    ("off", "none"): OFF,
    ("off", "refused"): OFF,
    ("off", "some"): OFF,
    ("off", "all"): OFF,
    ("visit", "-"): IN_VISIT,
    ("visit", "none"): NOBODY._replace(cookies={"visit"}),
    ("visit", "refused"): OFF,
    ("visit", "some"): SOME_REMEMBERED,
    ("visit", "all"): ALL_REMEMBERED,
    ("remember", "-"): Outcome("remember", BANNER, {"key"}, PERSONAL),
    ("remember", "none"): OFFERED,
    ("remember", "refused"): OFF,
    ("remember", "some"): SOME_REMEMBERED._replace(cookies={"key", "offer"}),
    ("remember", "all"): ALL_REMEMBERED._replace(cookies={"key", "offer"}),
}

pytestmark = pytest.mark.django_db


def account(site: Site, decision: str) -> None:
    """An account that decided on another machine."""
    user = get_user_model().objects.create_superuser("ann", password=PASSWORD)
    if decision == "none":
        return
    shopper = new_shopper(site, user)
    if decision == "refused":
        services.withdraw(shopper_id=shopper.pk, actor="shopper")
    elif decision == "some":
        rest = BANNER_PURPOSES - RECORD
        services.withdraw(shopper_id=shopper.pk, purposes=rest, actor="shopper")
    else:
        services.grant_remember(request=request_of(shopper, user), purposes=ALL)


@pytest.mark.parametrize("gpc", [False, True], ids=["", "gpc"])
@pytest.mark.parametrize(("level", "decision"), TABLE)
def test_every_row_of_the_table(site: Site, rf: Any, level: str, decision: str, gpc: bool) -> None:
    expected = TABLE[level, decision]
    browser = Client(headers={**OWN, **({"Sec-GPC": "1"} if gpc else {})})
    choice = {"remember": "remember", "visit": "visit", "off": "off"}.get(level)
    if choice:
        browser.post("/attention/consent/", {"choice": choice})
    if decision != "-":
        account(site, decision)
        data = {"username": "ann", "password": PASSWORD, "next": "/attention/preferences/"}
        assert browser.post("/admin/login/", data).status_code == 302

    state = browser.get("/attention/consent/state/").json()
    held = {
        name.removeprefix("attention_")
        for name, cookie in browser.cookies.items()
        if name.startswith("attention_") and cookie.value
    }
    request = rf.get("/", headers={"Sec-GPC": "1"} if gpc else {})
    request.COOKIES.update({name: each.value for name, each in browser.cookies.items()})
    if decision != "-":
        request.user = get_user_model().objects.get()
    request.visitor = read_visitor(request)
    permitted = {
        purpose
        for purpose in Purpose
        if purpose is not Purpose.NECESSARY and permit(request.visitor, purpose)
    }

    assert state["level"] == expected.level
    assert state["gpc"] is gpc
    assert held == expected.cookies
    assert permitted == expected.permitted - ({Purpose.ADS_PERSONAL} if gpc else set())
    assert read_profile(request=request).mode is expected.mode


def test_recommending_lasts_a_visit_or_until_it_is_withdrawn(
    browser: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """*Visit* ends with the cookie or after its hours; *lasting* with the decision alone."""
    import time

    def may_rank() -> bool:
        request = request_of()
        request.COOKIES.update({name: each.value for name, each in browser.cookies.items()})
        return bool(permit(read_visitor(request), Purpose.RECS_PERSONAL))

    begun = time.time()
    browser.post("/attention/consent/", {"choice": "visit"})
    assert browser.cookies["attention_visit"]["max-age"] == ""
    monkeypatch.setattr(time, "time", lambda: begun + 12 * 3600 - 60)
    assert may_rank()
    monkeypatch.setattr(time, "time", lambda: begun + 12 * 3600 + 60)
    assert not may_rank()
    monkeypatch.undo()
    browser.post("/attention/consent/", of_page(browser, {"choice": "remember"}))
    monkeypatch.setattr(time, "time", lambda: begun + 360 * 24 * 3600)
    assert may_rank()
    monkeypatch.undo()
    browser.post("/attention/consent/", {"choice": "off"})
    assert not may_rank()

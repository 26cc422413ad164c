"""Make people, requests and a history for the tests of this floor."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import Client, RequestFactory

from consent.decisions import Circumstances, open_shopper
from consent.models import Shopper
from consent.policies.selectors import current_policy
from consent.purposes import BANNER_PURPOSES
from consent.visitor import read_visitor, sign_key

OWN = {"Origin": "http://testserver"}


def new_shopper(site: Site, user: Any = None) -> Shopper:
    return open_shopper(
        site_id=site.pk,
        user=user,
        purposes=BANNER_PURPOSES,
        policy=current_policy(site_id=site.pk),
        how=Circumstances(actor="shopper", source="banner"),
    )


def request_of(shopper: Shopper | None = None, user: Any = None, **headers: str) -> HttpRequest:
    """A request from the shop's own pages, with the key of ``shopper`` made for ``user``."""
    request = RequestFactory(headers={**OWN, **headers}).get("/")
    if user is not None:
        request.user = user
    if shopper is not None:
        request.COOKIES["attention_key"] = sign_key(shopper.pk, str(user.pk) if user else "")
    request.visitor = read_visitor(request)  # type: ignore[attr-defined]
    return request


class History:
    """Rows an upper floor keeps of people, in memory."""

    def __init__(self) -> None:
        self.rows: dict[UUID, int] = {}

    def erase(self, shopper_id: UUID, limit: int | None) -> int:
        held = self.rows.get(shopper_id, 0)
        gone = held if limit is None else min(held, limit)
        self.rows[shopper_id] = held - gone
        return gone


def of_page(browser: Client, form: dict[str, Any]) -> dict[str, Any]:
    """A form as the preferences page shows it now: with what it says of the choice in force."""
    html = browser.get("/attention/preferences/").text
    seen = re.search(r'name="seen" value="([^"]*)"', html)
    return {**({"seen": seen[1]} if seen else {}), **form}

"""Follow who uses a browser: login, logout, deletion of the account.

The account's decisions win at login, and any refusal wins over any grant. A key is signed for
one account or for nobody, so what one person allowed never serves the next one on the machine,
also where a session ends without a logout.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from consent import cookies
from consent.conf import consent_settings
from consent.people.models import Shopper
from consent.policies.selectors import current_notice
from consent.selectors import account_shopper, state_of
from consent.services import attach, discard, erase
from consent.visitor import Level, read_key, read_visitor, replace_visitor, site_id_of


def logged_in(*, request: HttpRequest, user: Any) -> None:
    """Give the browser the account's level.

    An account that refused switches the browser off. An account that is remembered gives the
    browser its key, unless somebody refused in this browser. An account without a decision
    changes nothing: a history of this browser is no longer used, and offered to be linked.
    """
    plain = cookies.plain_request(request)
    site_id = site_id_of(plain)
    account = account_shopper(site_id=site_id, user=user)
    if account is None:
        plain.visitor = read_visitor(plain)  # type: ignore[attr-defined]
        return
    state = state_of(shopper_id=account.pk)
    if state is None or not state.purposes:
        note = cookies.set_off(plain, current_notice(site_id=site_id).number)
        replace_visitor(plain, level=Level.OFF, choice=note)
        _discard_browsers_own(plain)
        return
    refused = cookies.valid_choice(plain.COOKIES.get(consent_settings.CHOICE_COOKIE))
    if refused is None:
        attach(plain, account)
        _discard_browsers_own(plain, but=account.pk)
    else:
        cookies.drop_identity(plain)
        replace_visitor(plain, level=Level.OFF, choice=refused)


def logged_out(*, request: HttpRequest) -> None:
    """Take the key and the visit from the browser, and erase a history only it could reach."""
    plain = cookies.plain_request(request)
    _discard_browsers_own(plain)
    cookies.drop_identity(plain)
    choice = cookies.valid_choice(plain.COOKIES.get(consent_settings.CHOICE_COOKIE))
    replace_visitor(plain, level=Level.OFF if choice else Level.UNDECIDED, choice=choice)


def account_deleted(*, user: Any) -> None:
    """Erase the shoppers of an account that is about to be deleted."""
    for shopper_id in Shopper.objects.filter(user=user).values_list("pk", flat=True):
        erase(shopper_id=shopper_id, actor="system", source="account")


def _discard_browsers_own(request: HttpRequest, but: UUID | None = None) -> None:
    """Erase the history recorded in this browser while nobody was logged in."""
    token = request.COOKIES.get(consent_settings.KEY_COOKIE)
    shopper_id = read_key(token, "") if token else None
    if shopper_id is not None and shopper_id != but:
        discard(shopper_id=shopper_id, source="login")

"""Follow who uses a browser: login, logout, deletion of the account.

The account's decisions win at login, and any refusal wins over any grant. A key is signed for
one account or for nobody, so what one person allowed never serves the next one on the machine,
also where a session ends without a logout.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from consent import cookies, offers
from consent.accounts import attach, discard, part
from consent.decisions import Circumstances
from consent.erasure.run import bury_with_account
from consent.minors import Age, age_of, ask_again
from consent.people.models import ConsentState, Shopper
from consent.policies.selectors import current_notice
from consent.selectors import account_shopper, state_of
from consent.services import erase
from consent.visitor import (
    Level,
    Visitor,
    read_visitor,
    refusal_in_force,
    replace_visitor,
    site_id_of,
)


def logged_in(*, request: HttpRequest, user: Any) -> None:
    """Give the browser the account's level.

    An account that refused switches the browser off. An account that is remembered gives the
    browser its key, unless somebody refused in this browser. An account without a decision
    changes nothing. A history of this browser is no longer used: it is kept apart and offered to
    this account where it may become its own, else deleted.
    """
    plain = cookies.plain_request(request)
    ask_again(plain)
    visitor = read_visitor(plain)
    plain.visitor = visitor  # type: ignore[attr-defined]
    _discard(visitor.spent_offer)
    visitor.spent_offer = None
    if age_of(plain) is Age.MINOR:
        forget_minor(request=plain, user=user)
        return
    account = account_shopper(site_id=site_id_of(plain), user=user)
    if account is None:
        _keep_or_end(plain, visitor, may_keep=visitor.choice is None)
        return
    state = state_of(shopper_id=account.pk)
    if state is None or state.is_closed:
        note = visitor.choice or _refusal_of(state, visitor.site_id)
        if note is None:
            _keep_or_end(plain, visitor, may_keep=False)
            return
        cookies.set_refusal(plain, note)
        replace_visitor(plain, level=Level.OFF, choice=note)
        _discard(visitor.offer)
    elif visitor.choice is None:
        attach(plain, account)
        may_keep = visitor.offer is not None and offers.may_merge(
            shopper_id=visitor.offer, heir_id=account.pk
        )
        _keep_or_end(plain, visitor, may_keep=may_keep)
    else:
        cookies.drop_identity(plain)
        replace_visitor(plain, level=Level.OFF, choice=visitor.choice)
        _discard(visitor.offer)


def _refusal_of(state: ConsentState | None, site_id: int) -> str | None:
    """Return the note of an account's no, or None when it is time to ask again.

    It holds as long as it would in a browser: six months, or until a material change.
    """
    if state is None or state.policy is None:
        return cookies.refusal_note(current_notice(site_id=site_id).number, timezone.now())
    note = cookies.refusal_note(state.policy.number, state.decided_at)
    return refusal_in_force(note, site_id)


def logged_out(*, request: HttpRequest) -> None:
    """Take key, visit and offer from the browser, and erase a history only it could reach."""
    plain = cookies.plain_request(request)
    visitor = read_visitor(plain)
    _discard(visitor.shopper_id, visitor.offer, visitor.spent_offer)
    cookies.drop_identity(plain)
    ask_again(plain)
    plain.visitor = Visitor(  # type: ignore[attr-defined]
        Level.OFF if visitor.choice else Level.UNDECIDED,
        visitor.site_id,
        gpc=visitor.gpc,
        choice=visitor.choice,
    )


def account_deleted(*, user: Any) -> None:
    """Erase the shoppers of an account that is about to be deleted."""
    for shopper_id in Shopper.objects.filter(user=user).values_list("pk", flat=True):
        closed = erase(shopper_id=shopper_id, actor="system", source="account")
        if closed is not None:
            bury_with_account(erasure_id=closed.erasure_id)


def settle(*, request: HttpRequest, visitor: Visitor) -> None:
    """Bring the browser in line with what its cookies turned out to be, after the page.

    A history found under a login that no signal told of is kept apart; one that was offered to an
    account that is logged in no longer is deleted; a minor is forgotten.
    """
    if visitor.age is Age.MINOR:
        forget_minor(request=request, user=None)
        return
    if visitor.spent_offer is not None:
        _discard(visitor.spent_offer)
        cookies.drop_offer(request)
        visitor.spent_offer = None
    elif visitor.offer is not None and visitor.is_offer_new and not cookies.pending(request):
        offers.bind(request, visitor.offer)
        cookies.drop_key(request)


def forget_minor(*, request: HttpRequest, user: Any) -> None:
    """Erase what is held of a minor and take everything from the browser.

    Nothing says why: the reason is not recorded. What the account ordered, and its basket, stay.
    """
    visitor = read_visitor(request)
    account = account_shopper(site_id=visitor.site_id, user=user) if user is not None else None
    known = [visitor.shopper_id, account.pk if account is not None else None]
    for shopper_id in {each for each in known if each is not None}:
        part(shopper_id=shopper_id, how=Circumstances(actor="system", source="account"))
    _discard(visitor.offer, visitor.spent_offer)
    cookies.drop_identity(request)
    replace_visitor(request, level=Level.OFF if visitor.choice else Level.UNDECIDED)


def _keep_or_end(request: HttpRequest, visitor: Visitor, *, may_keep: bool) -> None:
    """Offer the browser's own history to the account, or delete it."""
    offered = visitor.offer
    if offered is not None and may_keep:
        may_keep = offers.is_free(shopper_id=offered, site_id=visitor.site_id)
    if visitor.is_offer_new:
        cookies.drop_key(request)
    if offered is not None and may_keep:
        offers.bind(request, offered)
    else:
        _discard(offered)
        cookies.drop_offer(request)


def _discard(*shopper_ids: UUID | None) -> None:
    """Erase histories of this browser; one that belongs to an account stays."""
    for shopper_id in shopper_ids:
        if shopper_id is not None:
            discard(shopper_id=shopper_id, source="login")

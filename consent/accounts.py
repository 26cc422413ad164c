"""Let a browser's history become an account's, or nobody's: link, join, discard, part."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from consent import cookies, decisions
from consent.circumstances import circumstances_of
from consent.decisions import Circumstances
from consent.erasure.begin import begin
from consent.erasure.models import Erasure
from consent.people.models import Shopper
from consent.selectors import account_shopper, user_of
from consent.visitor import Level, replace_visitor, sign_key, user_key_of, visitor_of


def attach(request: HttpRequest, shopper: Shopper) -> None:
    """Give the browser the key of ``shopper``, valid for the account logged in, or for nobody.

    Raises ``ValueError`` for an imported shopper: no browser ever holds its key.
    """
    if shopper.is_imported:
        raise ValueError("An imported shopper has no browser.")
    cookies.set_key(request, sign_key(shopper.pk, user_key_of(request)))
    replace_visitor(request, level=Level.REMEMBER, shopper_id=shopper.pk)


def link_browser(*, request: HttpRequest, source: str = "preferences") -> bool:
    """Give the history this browser offers to the account that is logged in.

    An account without a history takes it over as it is; into one it moves row by row, and the
    browser's shopper is deleted. Returns whether the account has it now, or will once the move is
    finished. The history must never have belonged to another account.
    """
    visitor, user = visitor_of(request), user_of(request)
    if user is None or visitor.offer is None or visitor.age.forbids_profile:
        return False
    account = account_shopper(site_id=visitor.site_id, user=user)
    how = circumstances_of(request, source)
    if account is None:
        account = _link(visitor.offer, visitor.site_id, user, how)
    elif account.pk != visitor.offer and not _merge(visitor.offer, account.pk, how):
        return False
    if account is None:
        return False
    attach(request, account)
    return True


def decline_offer(*, request: HttpRequest, source: str = "preferences") -> bool:
    """Delete the history this browser offers; return whether there was one."""
    visitor = visitor_of(request)
    if visitor.offer is None:
        return False
    discard(shopper_id=visitor.offer, source=source)
    cookies.drop_offer(request)
    if visitor.is_offer_new:
        cookies.drop_key(request)
    visitor.offer = None
    return True


def separate_account(*, request: HttpRequest, source: str = "preferences") -> bool:
    """Delete the history of the account that is logged in, so that it has none and said nothing.

    Unlike a refusal this is no answer: the account is asked again. Returns whether there was one.
    """
    user = user_of(request)
    if user is None:
        return False
    account = account_shopper(site_id=visitor_of(request).site_id, user=user)
    if account is None:
        return False
    part(shopper_id=account.pk, how=circumstances_of(request, source))
    cookies.drop_identity(request)
    replace_visitor(request, level=Level.UNDECIDED)
    return True


def discard(*, shopper_id: UUID, source: str) -> None:
    """Close and delete a browser's history that nobody can reach any longer.

    An account's shopper is left alone: its account still reaches it.
    """
    with transaction.atomic():
        decisions.lock_state(shopper_id)
        if not Shopper.objects.filter(pk=shopper_id, user__isnull=True).exists():
            return
        closed = decisions.close_for_good(
            shopper_id=shopper_id, how=Circumstances(actor="system", source=source)
        )
    begin(closed)


def part(*, shopper_id: UUID, how: Circumstances) -> None:
    """Take a shopper from its account, if it has one, and delete what is held by it.

    See `consent.decisions.part` for what stays.
    """
    begin(decisions.part(shopper_id=shopper_id, how=how))


def _link(shopper_id: UUID, site_id: int, user: Any, how: Circumstances) -> Shopper | None:
    """Give a browser's shopper to an account without one; None where that is impossible."""
    shopper = Shopper.objects.filter(pk=shopper_id, site_id=site_id).first()
    try:
        if shopper is not None and decisions.link(shopper_id=shopper.pk, user=user, how=how):
            return shopper
    except IntegrityError:
        pass  # another browser of the account was faster
    return None


def _merge(shopper_id: UUID, account_id: UUID, how: Circumstances) -> bool:
    """Move a browser's history into the account's; True also where that is under way already."""
    closed = begin(decisions.merge(shopper_id=shopper_id, heir_id=account_id, how=how))
    if closed is not None:
        return True
    return Erasure.objects.filter(shopper=shopper_id, heir=account_id).exists()

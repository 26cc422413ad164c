"""Offer a browser's history to the account that logged in: kept apart, used by nobody meanwhile."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from django.http import HttpRequest

from consent import cookies
from consent.erasure.models import Erasure
from consent.people.models import ConsentState, Shopper
from consent.purposes import Purpose
from consent.selectors import account_shopper, state_of, user_of
from consent.visitor import sign_offer, user_key_of, visitor_of


class Offer(StrEnum):
    """What accepting an offer does."""

    LINK = "link"
    """The account has no history: the browser's becomes the account's."""
    MERGE = "merge"
    """The account has one: the browser's moves into it."""


def offer_of(*, request: HttpRequest) -> Offer | None:
    """Return what this browser offers to the account logged in, None when nothing."""
    visitor, user = visitor_of(request), user_of(request)
    if user is None or visitor.offer is None or visitor.age.forbids_profile:
        return None
    if not is_free(shopper_id=visitor.offer, site_id=visitor.site_id):
        return None
    account = account_shopper(site_id=visitor.site_id, user=user)
    if account is None:
        return Offer.LINK
    return Offer.MERGE if may_merge(shopper_id=visitor.offer, heir_id=account.pk) else None


def is_free(*, shopper_id: UUID, site_id: int) -> bool:
    """Tell whether a browser's history may become somebody's: open, and never an account's."""
    shopper = Shopper.objects.filter(
        pk=shopper_id, site_id=site_id, user=None, was_linked=False, is_imported=False
    )
    state = state_of(shopper_id=shopper_id) if shopper.exists() else None
    return state is not None and not state.is_closed and not _has_due(shopper_id)


def may_merge(*, shopper_id: UUID, heir_id: UUID) -> bool:
    """Tell whether both allow now what the history is kept for, and nothing is being deleted."""
    states = ConsentState.objects.filter(pk__in=[shopper_id, heir_id])
    allowing = [state for state in states if Purpose.ANALYTICS in state.granted]
    return len(allowing) == 2 and not _has_due(shopper_id) and not _has_due(heir_id)


def bind(request: HttpRequest, shopper_id: UUID) -> None:
    """Keep a browser's history apart from its key, for the account logged in and no other."""
    cookies.set_offer(request, sign_offer(shopper_id, user_key_of(request)))


def _has_due(shopper_id: UUID) -> bool:
    return Erasure.objects.due().filter(shopper=shopper_id).exists()

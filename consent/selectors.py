"""Read what a person decided and what is held of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from consent.cookies import plain_request
from consent.people.models import ConsentState, Shopper
from consent.visitor import Level, visitor_of


def user_of(request: HttpRequest) -> Any:
    """Return the account that is logged in, or None."""
    user = getattr(plain_request(request), "user", None)
    return user if user is not None and user.is_authenticated else None


def account_shopper(*, site_id: int, user: Any) -> Shopper | None:
    """Return the shopper of an account on a site."""
    return Shopper.objects.filter(site_id=site_id, user=user).first()


def person_of(*, request: HttpRequest) -> UUID | None:
    """Return the shopper a request may decide and ask for: the browser's, else the account's.

    A key the account has replaced names nobody.
    """
    visitor, user = visitor_of(request), user_of(request)
    if visitor.level is Level.REMEMBER and visitor.shopper_id is not None:
        found = Shopper.objects.filter(
            pk=visitor.shopper_id, site_id=visitor.site_id, user=user, is_imported=False
        )
        if found.exists():
            return visitor.shopper_id
        visitor.forget_key()
    if user is None:
        return None
    shopper = account_shopper(site_id=visitor.site_id, user=user)
    return shopper.pk if shopper else None


def state_of(*, shopper_id: UUID) -> ConsentState | None:
    """Return the state of a shopper with its policy version."""
    return ConsentState.objects.select_related("policy").filter(pk=shopper_id).first()

"""Tell who is behind a request, from its cookies and headers alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
from django.http import HttpRequest

from consent import keys
from consent.conf import consent_settings
from consent.cookies import plain_request, valid_choice
from consent.visit_record import Visit, label_for

logger = logging.getLogger(__name__)


class Level(StrEnum):
    """How far a visitor lets the shop go."""

    UNDECIDED = "undecided"
    OFF = "off"
    VISIT = "visit"
    REMEMBER = "remember"


@dataclass(slots=True, eq=False)
class Visitor:
    """The person behind a request, as far as the browser says.

    ``shopper_id`` comes from a cookie whose signature is right; whether such a shopper exists and
    allows anything is for the gate to say, which corrects the visitor when it does not.
    ``offer`` is a history of this browser, recorded before somebody logged in: never used, only
    offered to be linked. ``choice`` is the note of a refusal.
    """

    level: Level
    site_id: int
    shopper_id: UUID | None = None
    visit: Visit | None = None
    gpc: bool = False
    choice: str | None = None
    offer: UUID | None = None
    key_unknown: bool = False
    key_closed: bool = False

    def forget_key(self) -> None:
        """Note that the key names nobody: the visitor has not decided, the cookie must go."""
        self.level, self.shopper_id, self.key_unknown = Level.UNDECIDED, None, True

    def close_key(self) -> None:
        """Note that the person said no elsewhere: this browser is off, too."""
        self.level, self.shopper_id, self.key_closed = Level.OFF, None, True


def visitor_of(request: HttpRequest) -> Visitor:
    """Return ``request.visitor``, reading the cookies where the middleware is not installed."""
    plain = plain_request(request)
    visitor: Visitor | None = getattr(plain, "visitor", None)
    if visitor is None:
        visitor = read_visitor(plain)
        plain.visitor = visitor  # type: ignore[attr-defined]
    return visitor


def replace_visitor(request: HttpRequest, **changes: Any) -> Visitor:
    """Let the rest of the request see a visitor with ``changes``; return it."""
    old = visitor_of(request)
    base = Visitor(level=old.level, site_id=old.site_id, gpc=old.gpc)
    visitor = replace(base, **changes)
    plain_request(request).visitor = visitor  # type: ignore[attr-defined]
    return visitor


def read_visitor(request: HttpRequest) -> Visitor:
    """Read the visitor from the request. A refusal noted in the browser outweighs a key.

    A key or visit counts only for the account it was signed for, or for nobody logged in: the
    next person on the machine, and a person who just logged in, never inherit it. Only a request
    that brings one of the two cookies looks at ``request.user``.
    """
    visitor = Visitor(Level.UNDECIDED, site_id_of(request), gpc=gpc_of(request))
    jar = request.COOKIES
    key = jar.get(consent_settings.KEY_COOKIE)
    visit = jar.get(consent_settings.VISIT_COOKIE)
    visitor.choice = valid_choice(jar.get(consent_settings.CHOICE_COOKIE))
    if visitor.choice is not None:
        visitor.level = Level.OFF
    if not key and not visit:
        return visitor
    try:
        user_key = user_key_of(request)
        if key:
            _read_key(visitor, key, user_key)
        if visit and visitor.level is Level.UNDECIDED and not visitor.key_unknown:
            _read_visit(visitor, visit, user_key)
    except ImproperlyConfigured:
        logger.exception("The master keys cannot be read: the visitor counts as unknown.")
    return visitor


def _read_key(visitor: Visitor, token: str, user_key: str) -> None:
    shopper_id = read_key(token, user_key)
    if shopper_id is not None and visitor.level is Level.UNDECIDED:
        visitor.shopper_id, visitor.level = shopper_id, Level.REMEMBER
    elif shopper_id is None and user_key:
        visitor.offer = read_key(token, "")
    if shopper_id is None and visitor.offer is None:
        visitor.key_unknown = True


def _read_visit(visitor: Visitor, token: str, user_key: str) -> None:
    try:
        visit = Visit.from_bytes(keys.unsign(label_for(user_key), token))
    except ValueError:
        return
    if not visit.is_over(consent_settings.VISIT_HOURS):
        visitor.visit, visitor.level = visit, Level.VISIT


def sign_key(shopper_id: UUID, user_key: str) -> str:
    """Return the cookie value that names a shopper to this shop, for one account or nobody."""
    return keys.sign(f"key:{user_key}", shopper_id.bytes)


def read_key(token: str, user_key: str) -> UUID | None:
    """Return the shopper a cookie value names, or None when it is not ours or not for them."""
    try:
        return UUID(bytes=keys.unsign(f"key:{user_key}", token))
    except ValueError:
        return None


def user_key_of(request: HttpRequest) -> str:
    """Return the account's primary key as text, empty when nobody is logged in."""
    user = getattr(plain_request(request), "user", None)
    return str(user.pk) if user is not None and user.is_authenticated else ""


def gpc_of(request: HttpRequest) -> bool:
    """Tell whether the request carries Global Privacy Control: any field value exactly ``1``."""
    given: str = request.META.get("HTTP_SEC_GPC", "")
    return any(value.strip() == "1" for value in given.split(","))


def site_id_of(request: HttpRequest) -> int:
    """Return the id of the current site; 0, which nobody belongs to, when there is none."""
    fixed = getattr(settings, "SITE_ID", None)
    if fixed:
        return int(fixed)
    try:
        return int(get_current_site(request).pk)  # type: ignore[union-attr]
    except ObjectDoesNotExist:
        return 0

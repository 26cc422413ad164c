"""Tell who is behind a request, from its cookies and headers alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
from django.db import DatabaseError
from django.http import HttpRequest

from consent import keys
from consent.conf import consent_settings
from consent.cookies import plain_request, valid_choice
from consent.gift_note import read_note
from consent.minors import Age, age_of
from consent.policies.selectors import Notice, current_notice
from consent.visit_record import Visit, label_for

logger = logging.getLogger(__name__)

_OFFER = "offer"


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
    ``offer`` is a history of this browser, recorded before this account logged in: never used,
    only offered to be linked; ``is_offer_new`` until the browser keeps it apart from the key.
    ``spent_offer`` was offered to an account that is logged in no longer. ``choice`` is the note
    of a refusal. ``policy_id`` and ``is_suspended`` are known once ``is_looked_up``.
    ``is_gift``: nothing may be learned from this visit; ``learning_since``: when
    such a visit was last switched back. ``age`` is what the host tells of a visitor who could be
    remembered. ``generation`` is what the gate last saw of a remembered one.
    """

    level: Level
    site_id: int
    shopper_id: UUID | None = None
    visit: Visit | None = None
    gpc: bool = False
    choice: str | None = None
    offer: UUID | None = None
    is_offer_new: bool = False
    spent_offer: UUID | None = None
    is_gift: bool = False
    learning_since: datetime | None = None
    age: Age = Age.NOT_TOLD
    key_unknown: bool = False
    key_closed: bool = False
    generation: int | None = None
    policy_id: int | None = None
    is_suspended: bool = False
    is_looked_up: bool = False

    def learn(self, *, policy_id: int | None, is_suspended: bool) -> None:
        """Note what the gate read: the text decided on, and whether that decision rests."""
        self.policy_id, self.is_suspended, self.is_looked_up = policy_id, is_suspended, True

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
    base = Visitor(
        level=old.level,
        site_id=old.site_id,
        gpc=old.gpc,
        spent_offer=old.spent_offer,
        is_gift=old.is_gift,
        learning_since=old.learning_since,
        age=old.age,
    )
    visitor = replace(base, **changes)
    plain_request(request).visitor = visitor  # type: ignore[attr-defined]
    return visitor


def read_visitor(request: HttpRequest) -> Visitor:
    """Read the visitor from the request. A refusal noted in the browser outweighs a key.

    A key or visit counts only for the account it was signed for, or for nobody logged in: the
    next person on the machine, and a person who just logged in, never inherit it. An offer counts
    for the account it was made to alone. Only a request that brings one of these cookies looks at
    ``request.user`` and asks the host for the age band.
    """
    visitor = Visitor(Level.UNDECIDED, site_id_of(request), gpc=gpc_of(request))
    jar = request.COOKIES
    key = jar.get(consent_settings.KEY_COOKIE)
    visit = jar.get(consent_settings.VISIT_COOKIE)
    offer = jar.get(consent_settings.OFFER_COOKIE)
    visitor.is_gift, visitor.learning_since = read_note(jar.get(consent_settings.GIFT_COOKIE))
    visitor.choice = choice_of(request, visitor.site_id)
    if visitor.choice is not None:
        visitor.level = Level.OFF
    if not key and not visit and not offer:
        return visitor
    visitor.age = age_of(request)
    try:
        user_key = user_key_of(request)
        if offer:
            _read_offer(visitor, offer, user_key)
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
        offered = read_key(token, "")
        if offered is not None:
            visitor.offer, visitor.is_offer_new = offered, True
    if shopper_id is None and not visitor.is_offer_new:
        visitor.key_unknown = True


def _read_offer(visitor: Visitor, token: str, user_key: str) -> None:
    try:
        payload = keys.unsign(_OFFER, token)
        shopper_id = UUID(bytes=payload[:16])
    except ValueError:
        return
    if user_key and payload[16:] == _digest(user_key):
        visitor.offer = shopper_id
    else:
        visitor.spent_offer = shopper_id


def _read_visit(visitor: Visitor, token: str, user_key: str) -> None:
    try:
        visit = Visit.from_bytes(keys.unsign(label_for(user_key), token))
    except ValueError:
        return
    if visit.is_over(consent_settings.VISIT_HOURS):
        return
    texts = _texts(visitor.site_id)
    if texts is None:
        return
    if texts.required_at is None or visit.started_at >= texts.required_at.timestamp():
        visitor.visit, visitor.level = visit, Level.VISIT


def choice_of(request: HttpRequest, site_id: int) -> str | None:
    """Return the browser's note of a refusal while it holds: its months, its text.

    A note on a text that a material change replaced holds no more. Where the texts cannot be
    read, it holds: a no stays a no.
    """
    return refusal_in_force(request.COOKIES.get(consent_settings.CHOICE_COOKIE), site_id)


def refusal_in_force(value: str | None, site_id: int) -> str | None:
    """Return a note of a refusal while its months and its text hold, else None."""
    note = valid_choice(value)
    texts = _texts(site_id) if note is not None else None
    if note is None or texts is None:
        return note
    return note if int(note.partition("-")[0]) >= texts.required else None


def _texts(site_id: int) -> Notice | None:
    try:
        return current_notice(site_id=site_id)
    except (DatabaseError, ObjectDoesNotExist):
        logger.exception("The policy could not be read.")
        return None


def sign_key(shopper_id: UUID, user_key: str) -> str:
    """Return the cookie value that names a shopper to this shop, for one account or nobody."""
    return keys.sign(f"key:{user_key}", shopper_id.bytes)


def read_key(token: str, user_key: str) -> UUID | None:
    """Return the shopper a cookie value names, or None when it is not ours or not for them."""
    try:
        return UUID(bytes=keys.unsign(f"key:{user_key}", token))
    except ValueError:
        return None


def sign_offer(shopper_id: UUID, user_key: str) -> str:
    """Return the cookie value that offers a history to one account."""
    return keys.sign(_OFFER, shopper_id.bytes + _digest(user_key))


def _digest(user_key: str) -> bytes:
    return sha256(user_key.encode()).digest()[:16]


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

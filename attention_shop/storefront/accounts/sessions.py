"""What the sessions of an account hold beside its login, on whatever device it is logged in."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.holdings import Holding
from consent.models import Shopper
from consent.purposes import Purpose

LOGIN = frozenset({SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY})
LISTED = frozenset(
    {"django.contrib.sessions.backends.db", "django.contrib.sessions.backends.cached_db"}
)
"""Engines that keep sessions in a table, where those of an account can be found."""


def sessions_holding() -> Holding:
    """Return the holding; deleting it leaves the person logged in."""
    return Holding(
        label="attention_storefront.sessions",
        title=_("What your sessions hold"),
        models=("sessions.Session",),
        purpose=Purpose.NECESSARY,
        retention=_("Until you log out, or the session expires."),
        count=lambda shopper_id: len(list(_sessions(shopper_id))),
        export=lambda shopper_id: (_told(data) for _, data in _sessions(shopper_id)),
        erase=_erase,
        source=_("You put it there while you were logged in."),
        stores=("sessions",),
    )


def _sessions(shopper_id: UUID) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield key and content of each session of the account that holds more than its login."""
    user_id = Shopper.objects.filter(pk=shopper_id).values_list("user_id", flat=True).first()
    if user_id is None or settings.SESSION_ENGINE not in LISTED:
        return
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        data = session.get_decoded()
        if data.get(SESSION_KEY) == str(user_id) and data.keys() - LOGIN:
            yield session.session_key, data


def _told(data: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in data.items() if name not in LOGIN}


def _erase(shopper_id: UUID, limit: int | None) -> int:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    found = list(_sessions(shopper_id))[:limit]
    for key, data in found:
        session = store(session_key=key)
        for name in data.keys() - LOGIN:
            session.pop(name, None)
        session.save()
    return len(found)

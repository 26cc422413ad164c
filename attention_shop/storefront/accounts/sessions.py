"""What the sessions of an account hold beside its login, on whatever device it is logged in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from attention_shop.storefront.accounts.session_store import SessionStore, ShopSession
from consent.holdings import Holding
from consent.models import Shopper
from consent.purposes import Purpose
from consent.retention.rules import Rule

LOGIN = frozenset({SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY})
BATCH = 500


def sessions_holding() -> Holding:
    """Return the holding; deleting it leaves the person logged in."""
    return Holding(
        label="attention_storefront.sessions",
        title=_("What your sessions hold"),
        models=("attention_storefront.ShopSession",),
        purpose=Purpose.NECESSARY,
        retention=_("Until you log out, or the session expires."),
        count=lambda shopper_id: len(list(_sessions(shopper_id))),
        export=lambda shopper_id: (_told(data) for _, data in _sessions(shopper_id)),
        erase=_erase,
        source=_("You put it there while you were logged in."),
        stores=("sessions",),
    )


def sessions_rule() -> Rule:
    """Return the rule that ends what the holding promises to end."""
    return Rule(
        label="attention_storefront.sessions",
        title=_("Sessions that have expired"),
        models=("attention_storefront.ShopSession",),
        purpose=Purpose.NECESSARY,
        setting="SESSION_COOKIE_AGE",
        days=lambda: settings.SESSION_COOKIE_AGE // 86_400,
        counted_from=_("the last change of the session"),
        sweep=_delete_expired,
    )


def _sessions(shopper_id: UUID) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield key and content of each session of the account that holds more than its login."""
    user_id = Shopper.objects.filter(pk=shopper_id).values_list("user_id", flat=True).first()
    if user_id is None:
        return
    for session in ShopSession.objects.filter(user_id=user_id, expire_date__gt=timezone.now()):
        data = session.get_decoded()
        if data.keys() - LOGIN:
            yield session.session_key, data


def _told(data: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in data.items() if name not in LOGIN}


def _erase(shopper_id: UUID, limit: int | None) -> int:
    found = list(_sessions(shopper_id))[:limit]
    for key, data in found:
        session = SessionStore(session_key=key)
        for name in data.keys() - LOGIN:
            session.pop(name, None)
        session.save()
    return len(found)


def _delete_expired(now: datetime) -> int:
    """Delete sessions that were over at a moment; return how many."""
    expired, deleted = ShopSession.objects.filter(expire_date__lt=now), 0
    while keys := list(expired.order_by("expire_date").values_list("pk", flat=True)[:BATCH]):
        deleted += expired.filter(pk__in=keys).delete()[0]
    return deleted

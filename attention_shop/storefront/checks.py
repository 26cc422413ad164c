"""Find a session engine whose sessions cannot be shown or erased."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from attention_shop.storefront.accounts.session_store import SessionStore

LABEL = "attention_storefront"


def check_session_engine(**kwargs: Any) -> list[CheckMessage]:
    """W001: sessions are kept where those of an account cannot be found."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if issubclass(store, SessionStore):
        return []
    return [
        CheckWarning(
            "What the sessions of an account hold can be neither shown nor erased.",
            hint=f"Set SESSION_ENGINE to {SessionStore.__module__!r}, or to an engine built on it.",
            id=f"{LABEL}.W001",
        )
    ]

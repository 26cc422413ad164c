"""Translate the host's signals: login, logout, deletion of an account. Nothing here raises."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.db.models.signals import pre_delete

from consent import identity

logger = logging.getLogger(__name__)


def connect() -> None:
    """Connect the receivers, once the user model is known."""
    user_logged_in.connect(_logged_in, dispatch_uid="attention_consent")
    user_logged_out.connect(_logged_out, dispatch_uid="attention_consent")
    pre_delete.connect(_deleted, sender=get_user_model(), dispatch_uid="attention_consent")


def _logged_in(*, request: Any, user: Any, **kwargs: Any) -> None:
    if request is not None:
        _safely(lambda: identity.logged_in(request=request, user=user))


def _logged_out(*, request: Any, user: Any, **kwargs: Any) -> None:
    if request is not None:
        _safely(lambda: identity.logged_out(request=request))


def _deleted(*, instance: Any, **kwargs: Any) -> None:
    _safely(lambda: identity.account_deleted(user=instance))


def _safely(flow: Callable[[], None]) -> None:
    """Run ``flow`` so that its failure leaves the host's transaction and page whole."""
    try:
        with transaction.atomic():
            flow()
    except Exception:
        logger.exception("A change of account could not be followed.")

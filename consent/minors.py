"""Ask the host whether a visitor is a minor: a band, never a date of birth, and never kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum, auto
from typing import Literal

from django.http import HttpRequest

from consent.cookies import plain_request

logger = logging.getLogger(__name__)

AgeBand = Literal["minor", "adult"]
AskAge = Callable[[HttpRequest], AgeBand | None]

_ATTRIBUTE = "_attention_age"


class NoProfile(PermissionError):  # noqa: N818
    """A minor cannot be remembered, whatever is chosen."""


class Age(Enum):
    """What is known of the visitor's age during one request."""

    NOT_TOLD = auto()
    ADULT = auto()
    MINOR = auto()
    FAILED = auto()

    @property
    def forbids_profile(self) -> bool:
        """Nothing may be recorded or used of a minor, nor while the host cannot answer."""
        return self in {Age.MINOR, Age.FAILED}


_asked: dict[str, AskAge] = {}


def register(ask: AskAge) -> None:
    """Name who tells the age band of a request, in ``AppConfig.ready``; the last one holds.

    What it reads of a database it reads so that a failure leaves an open transaction usable
    (`consent.savepoints`).
    """
    _asked["age"] = ask


def age_of(request: HttpRequest) -> Age:
    """Ask the host, once a request. An error of the host's is logged and counts as ``FAILED``."""
    plain = plain_request(request)
    ask = _asked.get("age")
    if ask is None:
        return Age.NOT_TOLD
    known: Age | None = getattr(plain, _ATTRIBUTE, None)
    if known is not None:
        return known
    try:
        band = ask(plain)
        age = {None: Age.NOT_TOLD, "adult": Age.ADULT, "minor": Age.MINOR}[band]
    except Exception:
        logger.exception("The age band of a visitor could not be told: nothing is recorded.")
        age = Age.FAILED
    setattr(plain, _ATTRIBUTE, age)
    return age


def require_no_minor(request: HttpRequest) -> None:
    """Raise ``NoProfile`` where nothing may be recorded of the visitor because of their age."""
    if age_of(request).forbids_profile:
        raise NoProfile("Nothing may be recorded of a minor.")


def ask_again(request: HttpRequest) -> None:
    """Forget the answer within this request: somebody else is logged in now."""
    setattr(plain_request(request), _ATTRIBUTE, None)

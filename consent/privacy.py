"""Mark a response as one person's own, so that no shared cache keeps it."""

from __future__ import annotations

from django.http import HttpRequest

from consent.cookies import plain_request

_ATTRIBUTE = "_attention_personal"


def mark_personal(request: HttpRequest) -> None:
    """Have the response to this request carry ``Cache-Control: private, no-store``."""
    setattr(plain_request(request), _ATTRIBUTE, True)


def is_personal(request: HttpRequest) -> bool:
    """Tell whether the request was marked."""
    return bool(getattr(plain_request(request), _ATTRIBUTE, False))

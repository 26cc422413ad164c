"""The Content-Security-Policy of every page of the shop."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

DEBUG_PAGES = frozenset({404, 500})
"""Where Django shows a developer its own page with styles inside, while DEBUG is on."""


class ContentSecurityPolicyMiddleware:
    """Allow scripts, styles and pictures of this origin alone, unless a view set its own policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.DEBUG and response.status_code in DEBUG_PAGES:
            return response
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

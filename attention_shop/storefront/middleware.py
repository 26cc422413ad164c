"""What every page of the shop sends along, and what no page takes."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
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


class PlainTextMiddleware:
    """Answer 400 to a NUL character in an address or form of the storefront.

    PostgreSQL can neither compare nor keep one, which would be an error of the shop's own.
    Bodies that are not forms are left to the views that read them.
    """

    FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> None:
        """Look before the view does.

        Raises:
            BadRequest: which Django answers with 400.
        """
        match = request.resolver_match
        if match is None or match.namespace != "attention_storefront":
            return
        address = request.path + request.META.get("QUERY_STRING", "")
        if "\0" in address or "%00" in address:
            raise BadRequest("A NUL character in the address.")
        if request.method == "POST" and request.content_type in self.FORMS:
            for _, values in request.POST.lists():
                if any("\0" in value for value in values):
                    raise BadRequest("A NUL character in the form.")

"""Give every request its visitor, and every response the cookies and headers that follow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject, empty

from consent import cookies, identity
from consent.policies.selectors import current_notice
from consent.privacy import is_personal
from consent.visitor import Visitor, read_visitor

logger = logging.getLogger(__name__)


class VisitorMiddleware:
    """Set ``request.visitor`` (read on first use) and finish the response.

    - Cookies decided on during the request are written.
    - A response marked personal, or one that sets a cookie, is ``private, no-store``.
    - A response for which the visitor was looked at varies by cookie and privacy signal.
    - A key that names nobody, or a person who refused elsewhere, is taken from the browser.

    An error here is logged; the page is delivered as it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.visitor = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: read_visitor(request)
        )
        response = self.get_response(request)
        try:
            finish(request, response)
        except Exception:
            logger.exception("The response could not be marked.")
            response.headers["Cache-Control"] = "private, no-store"
        return response


def finish(request: HttpRequest, response: HttpResponseBase) -> None:
    """Write cookies and cache headers to ``response``."""
    visitor: Any = request.visitor  # type: ignore[attr-defined]
    looked_at = not (isinstance(visitor, SimpleLazyObject) and visitor._wrapped is empty)
    if looked_at:
        patch_vary_headers(response, ["Cookie", "Sec-GPC"])
        _correct_browser(request, visitor)
    has_cookies = cookies.write(request, response)
    if has_cookies or is_personal(request):
        response.headers["Cache-Control"] = "private, no-store"


def _correct_browser(request: HttpRequest, visitor: Visitor) -> None:
    """Take away a key that names nobody; note a refusal that was made elsewhere."""
    identity.settle(request=request, visitor=visitor)
    if cookies.pending(request):
        return
    if visitor.key_closed:
        cookies.set_off(request, current_notice(site_id=visitor.site_id).number)
    elif visitor.key_unknown:
        cookies.drop_identity(request)

"""Accept an anonymous POST only from the shop's own pages, without a token or cookie."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from consent.cookies import plain_request

View = Callable[..., HttpResponseBase]

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def same_origin(request: HttpRequest) -> bool:
    """Tell whether a page of this shop sent the request.

    ``Sec-Fetch-Site`` decides where the browser sends it ("same-origin", or "none" for what the
    person started in the browser itself). Otherwise ``Origin``, then ``Referer``, must name this
    host with its scheme, or one of ``CSRF_TRUSTED_ORIGINS``. With none of the three the answer
    is no.
    """
    plain = plain_request(request)
    site = plain.META.get("HTTP_SEC_FETCH_SITE")
    origin = plain.META.get("HTTP_ORIGIN")
    if site is not None:
        return site in {"same-origin", "none"} or (origin is not None and _is_trusted(origin))
    if origin is None:
        origin = _origin_of(plain.META.get("HTTP_REFERER", ""))
    if not origin or origin == "null":
        return False
    try:
        own = f"{plain.scheme}://{plain.get_host()}"
    except DisallowedHost:
        return False
    return origin.lower() == own.lower() or _is_trusted(origin)


def require_same_origin(view: View) -> View:
    """Answer 403 to a request that changes something and does not come from the shop's pages."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in _SAFE_METHODS and not same_origin(request):
            return refusal()
        return view(request, *args, **kwargs)

    return checked


def refusal() -> HttpResponse:
    """Return the answer to a request from elsewhere."""
    text = gettext("This form can only be sent from the shop's own pages.")
    return HttpResponseForbidden(text, content_type="text/plain; charset=utf-8")


def _is_trusted(origin: str) -> bool:
    return origin in getattr(settings, "CSRF_TRUSTED_ORIGINS", ())


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""

"""How a public form is guarded without a cookie.

``{% csrf_token %}`` would set one on the first page; the Origin of the request proves as much.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent.origin import require_same_origin

View = Callable[..., HttpResponseBase]


def public_form(view: View) -> View:
    """A POST view anybody may use from a page of this shop."""
    return csrf_exempt(require_POST(require_same_origin(view)))


def open_form(view: View) -> View:
    """A view that shows a form on GET and takes it on POST from a page of this shop."""
    return csrf_exempt(require_same_origin(view))

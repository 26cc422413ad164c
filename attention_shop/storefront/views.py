"""Pages for what went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """There is no such page."""
    return render(request, "attention_storefront/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke; the page asks nothing of the database or the session."""
    return HttpResponse(get_template("attention_storefront/500.html").render(), status=500)

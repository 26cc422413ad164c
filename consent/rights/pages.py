"""What the pages of the rights have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import NoReverseMatch
from django.utils import formats, timezone

from consent.conf import consent_settings
from consent.privacy import mark_personal
from consent.rights.selectors import Page
from consent.visitor import visitor_of


def show(
    request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page of one person: private, and no address of it leaves the shop."""
    mark_personal(request)
    base = {
        "base_template": consent_settings.BASE_TEMPLATE,
        "gpc": visitor_of(request).gpc,
        "hide_notice": True,
    }
    template = f"attention_consent/{name}.html"
    response = render(request, template, {**base, **context}, status=status)
    response["Referrer-Policy"] = "same-origin"
    return response


def login_address() -> str:
    """Return where a person logs in, empty where the host has no such page."""
    try:
        return str(resolve_url(settings.LOGIN_URL))
    except NoReverseMatch:
        return ""


def table_of(page: Page) -> dict[str, Any]:
    """Return a page of rows as a table: what each column means, and text for every cell."""
    names = list(dict.fromkeys(name for row in page.rows for name in row))
    return {
        "columns": [page.schema.get(name) or name for name in names],
        "rows": [[_shown(row.get(name)) for name in names] for row in page.rows],
    }


def _shown(value: Any) -> str:
    """Return a value as a person reads it; the export holds it exactly."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_shown(part) for part in value)
    return formats.localize(value) if isinstance(value, float) else str(value)

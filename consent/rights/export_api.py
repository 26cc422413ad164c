"""Give everything held of the person who asks, as a file."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from consent.api import ConsentAPIView
from consent.rights import limits, services
from consent.rights.export_files import as_json, as_zip
from consent.rights.people import person_asking, subjects_of
from consent.rights.selectors import export_of
from consent.visitor import visitor_of

COPIES_AN_HOUR = 30
_LIMITED = OpenApiResponse(description="Too many copies within an hour.")


class ExportView(ConsentAPIView):
    """Everything held, as JSON."""

    @extend_schema(
        operation_id="rights_export",
        responses={(200, "application/json"): OpenApiTypes.OBJECT, 429: _LIMITED},
    )
    def get(self, request: Request) -> HttpResponseBase:
        content = _content(request._request)
        if content is None:
            return HttpResponse(status=429)
        response = HttpResponse(as_json(content, indent=True), content_type="application/json")
        response["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return response


class ExportTablesView(ConsentAPIView):
    """Everything held, as a folder of CSV tables with the schema and the same JSON."""

    @extend_schema(
        operation_id="rights_export_tables",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, 429: _LIMITED},
    )
    def get(self, request: Request) -> HttpResponseBase:
        content = _content(request._request)
        if content is None:
            return HttpResponse(status=429)
        return FileResponse(as_zip(content), as_attachment=True, filename="my-data.zip")


def _content(request: HttpRequest) -> dict[str, Any] | None:
    person = person_asking(request)
    content: dict[str, Any] = {"format": 1, "holdings": []}
    if person is not None:
        who = subjects_of(person)[0]
        if not limits.allows(name="copy", who=who, limit=COPIES_AN_HOUR):
            return None
        services.record_copy(person=person)
        content = export_of(person=person)
    content["browser"] = _browser(request)
    return content


def _browser(request: HttpRequest) -> dict[str, Any]:
    """Return what the browser itself holds for this floor."""
    visitor = visitor_of(request)
    return {
        "level": visitor.level.value,
        "products_of_this_visit": list(visitor.visit.products) if visitor.visit else [],
        "note_of_refusal": visitor.choice,
        "has_key": visitor.shopper_id is not None,
    }

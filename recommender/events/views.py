"""``POST /attention/events/``: the beacon."""

from __future__ import annotations

import orjson
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.cookies import plain_request
from consent.origin import same_origin
from consent.visitor import visitor_of
from recommender.events import documents
from recommender.events.batch import LARGEST_BODY, BatchError, read_batch, too_large
from recommender.events.records import BatchResult, Cause, Verdict
from recommender.events.refusals import count_refusals
from recommender.events.services import collect

FORMAT = 1
CONTENT_TYPES = frozenset({"application/json", "text/plain"})
"""``navigator.sendBeacon`` sends a string as ``text/plain``."""


class EventsView(APIView):
    """Takes batches of what a visitor did, from the shop's own pages."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    renderer_classes = (JSONRenderer,)
    parser_classes = ()
    schema = AutoSchema()

    def perform_authentication(self, request: Request) -> None:
        """Leave ``request.user`` to Django: REST framework would set it to nobody."""

    @extend_schema(
        operation_id="events",
        summary="Report events",
        tags=["events"],
        request=documents.BATCH,
        responses=documents.RESPONSES,
    )
    def post(self, request: Request) -> HttpResponse:
        """Answer 202 when an event was kept or known, 200 when none was, 4xx for no batch."""
        plain = plain_request(request)
        if not same_origin(plain):
            _count(plain, Cause.ORIGIN)
            detail = _("Events are taken from the shop's own pages only.")
            return _error(403, "other_origin", detail)
        try:
            batch = read_batch(_body(plain), now=timezone.now())
        except BatchError as error:
            _count(plain, Cause.BAD_BATCH)
            return _error(error.status, error.code, error.detail)
        result = collect(request=plain, batch=batch)
        kept = result.count(Verdict.ACCEPTED) + result.count(Verdict.DUPLICATE)
        return _json(202 if kept else 200, _document(result))


def _body(request: HttpRequest) -> bytes:
    """Read no more than a batch may have.

    Raises:
        BatchError: wrong content type, too long, or the browser went away.
    """
    if request.content_type not in CONTENT_TYPES:
        raise BatchError(415, "content_type", "Send application/json or text/plain.")
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdigit() and int(declared) > LARGEST_BODY:
        raise too_large()
    try:
        return bytes(request.read(LARGEST_BODY + 1))
    except UnreadablePostError as error:
        raise BatchError(400, "unreadable", "The body could not be read.") from error


def _document(result: BatchResult) -> dict[str, object]:
    return {
        "v": FORMAT,
        "accepted": result.count(Verdict.ACCEPTED),
        "duplicate": result.count(Verdict.DUPLICATE),
        "refused": result.count(Verdict.REFUSED),
        "not_kept": result.count(Verdict.NOT_KEPT),
        "events": [
            {"id": each.id, "verdict": each.verdict.value}
            | ({"cause": each.cause.value} if each.cause else {})
            for each in result.verdicts
        ],
    }


def _count(request: HttpRequest, cause: Cause) -> None:
    count_refusals(site_id=visitor_of(request).site_id, causes={cause: 1})


def _error(status: int, code: str, message: str) -> HttpResponse:
    return _json(status, {"error": {"code": code, "message": message}})


def _json(status: int, content: dict[str, object]) -> HttpResponse:
    response = HttpResponse(orjson.dumps(content), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response

"""The doors of serving: a slate as JSON, and hiding a product."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.cookies import plain_request
from recommender.catalog.adapter import HostAdapter, get_adapter
from recommender.events.kinds import Kind
from recommender.events.services import record
from recommender.serving import documents, explanation
from recommender.serving.context import SlateContext
from recommender.serving.models import MAX_SIZE
from recommender.serving.placements import UnknownPlacement
from recommender.serving.services import serve
from recommender.serving.slate import Slate, SlateItem

FORMAT = 1
KEY_LENGTH = 128
QUERY_LENGTH = 200


class BadParameter(ValueError):  # noqa: N818
    """A query parameter that cannot be used; ``code`` names it for machines."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PublicView(APIView):
    """A door open to everybody, whatever the host's own defaults for its API are."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser, FormParser, MultiPartParser)
    schema = AutoSchema()

    def perform_authentication(self, request: Request) -> None:
        """Leave ``request.user`` to Django: REST framework would set it to nobody."""


class SlotView(PublicView):
    """``GET /attention/slots/<placement>/``: the slate of a placement."""

    @extend_schema(
        operation_id="slot",
        summary="The slate of a placement",
        tags=["slots"],
        parameters=documents.SLOT_PARAMETERS,
        responses=documents.SLOT_RESPONSES,
    )
    def get(self, request: Request, placement: str) -> HttpResponse:
        """Answer 200 with a slate, possibly empty; 400 or 404 with ``error`` for a bad question."""
        plain = plain_request(request)
        try:
            context = _context(plain)
            slate = serve(request=plain, placement=placement, context=context)
        except BadParameter as error:
            return _error(400, error.code, str(error))
        except UnknownPlacement as error:
            return _error(404, "unknown_placement", str(error))
        return _json(200, slate_document(slate))


class HideView(PublicView):
    """``POST /attention/hide/``: keep a product out of this visitor's slates."""

    @extend_schema(
        operation_id="hide",
        summary="Hide a product",
        tags=["slots"],
        request=documents.HideForm,
        responses=documents.HIDE_RESPONSES,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Record the wish; a form goes back to its page, JSON is answered with the outcome."""
        plain = plain_request(request)
        data = request.data if hasattr(request.data, "get") else {}
        product = str(data.get("product") or "")
        if not product or len(product) > KEY_LENGTH:
            return _error(400, "bad_product", "product must be the key of a product.")
        outcome = record(
            request=plain,
            kind=Kind.HIDE,
            product_key=product,
            placement=str(data.get("placement") or "") or None,
            slate=_uuid(str(data.get("slate") or "")),
        )
        if "application/json" in plain.headers.get("Accept", ""):
            return _json(200, {"hidden": bool(outcome), "cause": outcome.cause or ""})
        address = _way_back(plain, str(data.get("next") or ""))
        return HttpResponseRedirect(address, status=303)


def slate_document(slate: Slate) -> dict[str, Any]:
    """The slate as plain JSON content, format `FORMAT`."""
    adapter = get_adapter() if slate else None
    return {
        "format": FORMAT,
        "placement": slate.placement,
        "slate": str(slate.id),
        "heading": slate.heading,
        "mode": slate.mode.value,
        "rung": slate.rung.value,
        "model": slate.model_version,
        "items": [_item_document(slate, item, adapter) for item in slate.items if adapter],
    }


def _item_document(slate: Slate, item: SlateItem, adapter: HostAdapter) -> dict[str, Any]:
    product, offer = slate.products[item.key], slate.offers[item.key]
    return {
        "key": item.key,
        "position": item.position,
        "title": product.title,
        "url": item.url or adapter.url(key=item.key),
        "picture_url": product.picture_url,
        "price_micros": offer.price_micros,
        "currency": offer.currency,
        "reason": {
            "kind": item.reason.kind.value,
            "text": explanation.text(item.reason, slate.products),
        },
        "disclosure": item.disclosure,
        "viewable_url": item.viewable_url,
    }


def _context(request: HttpRequest) -> SlateContext:
    """Read the page's context from the query string.

    Raises:
        BadParameter: a parameter is malformed.
    """
    return SlateContext(
        product=_text(request, "product", KEY_LENGTH),
        category=_text(request, "category", KEY_LENGTH),
        query=_text(request, "q", QUERY_LENGTH),
        size=_size(request),
    )


def _text(request: HttpRequest, name: str, longest: int) -> str:
    value = request.GET.get(name, "")
    if len(value) > longest:
        raise BadParameter(f"bad_{name}", f"{name} must have at most {longest} characters.")
    return value


def _size(request: HttpRequest) -> int | None:
    value = request.GET.get("size")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 4):
        raise BadParameter("bad_size", f"size must be a whole number from 1 to {MAX_SIZE}.")
    if not 1 <= int(value) <= MAX_SIZE:
        raise BadParameter("bad_size", f"size must be a whole number from 1 to {MAX_SIZE}.")
    return int(value)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _way_back(request: HttpRequest, wanted: str) -> str:
    """The address to return to: ``wanted`` or the referring page if of this host, else ``/``."""
    for address in (wanted, request.headers.get("Referer", "")):
        if address and url_has_allowed_host_and_scheme(
            address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return address
    return "/"


def _json(status: int, content: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(content), status=status, content_type="application/json")


def _error(status: int, code: str, message: str) -> HttpResponse:
    return _json(status, {"error": {"code": code, "message": message}})

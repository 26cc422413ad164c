"""Answer consent and rights requests for scripts, and the forms that work without one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent import services
from consent.forms import CHOICES, ChoiceForm, safe_next
from consent.origin import require_same_origin
from consent.privacy import mark_personal
from consent.purposes import Purpose
from consent.selectors import export_of, person_of, state_of
from consent.visitor import Level, visitor_of

BODY_LIMIT = 16_384


class ChoiceInput(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=CHOICES)
    next = serializers.CharField(
        required=False, help_text="Path to return to; used when a form was sent."
    )


class StateOutput(serializers.Serializer[Any]):
    level = serializers.ChoiceField(choices=[level.value for level in Level])
    purposes = serializers.ListField(child=serializers.ChoiceField(choices=list(Purpose)))
    gpc = serializers.BooleanField(help_text="Whether Global Privacy Control was received.")
    policy = serializers.IntegerField(
        allow_null=True, help_text="Number of the policy version decided on."
    )
    decided_at = serializers.DateTimeField(allow_null=True)


class TooLarge(APIException):
    status_code = 413
    default_detail = "The body is too large."


class ConsentAPIView(APIView):
    """Base: nobody logs in here and nothing is throttled by account; answers are private."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser, FormParser, MultiPartParser)

    def perform_authentication(self, request: Request) -> None:
        """Leave ``request.user`` to Django: REST framework would set it to nobody."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        mark_personal(request._request)
        if _length(request._request) > BODY_LIMIT:
            raise TooLarge


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(require_same_origin, name="dispatch")
class ChooseView(ConsentAPIView):
    """Take a choice of level."""

    @extend_schema(
        operation_id="consent_choose",
        request={"application/json": ChoiceInput, "application/x-www-form-urlencoded": ChoiceInput},
        responses={
            200: StateOutput,
            303: OpenApiResponse(description="A form was sent: back to its page."),
            400: OpenApiResponse(description="Not one of the three levels."),
            403: OpenApiResponse(description="Not sent from the shop's own pages."),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        data = request.data if hasattr(request.data, "get") else {}
        form = ChoiceForm({"choice": data.get("choice")})
        if not form.is_valid():
            return Response(form.errors.get_json_data(), status=400)
        plain = request._request
        choose(plain, form.cleaned_data["choice"], source=_source(request))
        if _is_json(plain):
            return _json(_state(plain))
        fallback = reverse("attention_consent:preferences")
        response = HttpResponseRedirect(safe_next(plain, data.get("next"), fallback))
        response.status_code = 303
        return response


class StateView(ConsentAPIView):
    """Tell the level and the purposes in force."""

    @extend_schema(operation_id="consent_state", responses={200: StateOutput})
    def get(self, request: Request) -> HttpResponse:
        return _json(_state(request._request))


class ExportView(ConsentAPIView):
    """Give everything held of the person who asks, as a file."""

    @extend_schema(
        operation_id="rights_export",
        responses={(200, "application/json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> HttpResponse:
        plain = request._request
        shopper_id = person_of(request=plain)
        content = export_of(shopper_id=shopper_id) if shopper_id else {"format": 1, "holdings": []}
        content["browser"] = browser_content(plain)
        response = _json(content, indent=True)
        response["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return response


def choose(request: HttpRequest, choice: str, *, source: str) -> None:
    """Carry out a valid choice of level."""
    if choice == Level.REMEMBER:
        services.grant_remember(request=request, source=source)
    elif choice == Level.VISIT:
        services.start_visit(request=request, source=source)
    else:
        services.refuse(request=request, source=source)


def browser_content(request: HttpRequest) -> dict[str, Any]:
    """Return what the browser itself holds for this floor."""
    visitor = visitor_of(request)
    return {
        "level": visitor.level.value,
        "products_of_this_visit": list(visitor.visit.products) if visitor.visit else [],
        "note_of_refusal": visitor.choice,
        "has_key": visitor.shopper_id is not None,
    }


def _state(request: HttpRequest) -> dict[str, Any]:
    visitor = visitor_of(request)
    shopper_id: UUID | None = visitor.shopper_id if visitor.level is Level.REMEMBER else None
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    level = visitor.level
    purposes = sorted(state.granted) if state else []
    if level is Level.REMEMBER and not purposes:
        level = Level.OFF if state else Level.UNDECIDED
    if level is Level.VISIT:
        purposes = [Purpose.RECS_PERSONAL]
    return {
        "level": level,
        "purposes": purposes,
        "gpc": visitor.gpc,
        "policy": state.policy.number if state and state.policy else None,
        "decided_at": state.decided_at if state else None,
    }


def _json(content: Any, *, indent: bool = False) -> HttpResponse:
    option = orjson.OPT_INDENT_2 if indent else 0
    return HttpResponse(
        orjson.dumps(content, default=_plain, option=option), content_type="application/json"
    )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def _source(request: Request) -> str:
    return "api" if _is_json(request._request) else "banner"


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0

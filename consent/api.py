"""Answer consent and rights requests for scripts, and the forms that work without one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent import services
from consent.forms import CHOICES, ChoiceForm, safe_next, see_other
from consent.grant_limit import TooManyGrants
from consent.minors import age_of
from consent.origin import require_same_origin
from consent.page_stamp import stamp
from consent.policies.fence import PolicyOutdated, require_current
from consent.policies.models import PolicyVersion
from consent.policies.selectors import current_notice
from consent.preferences import show_limited
from consent.privacy import mark_personal
from consent.purposes import Purpose
from consent.rights.limits import HOUR
from consent.seen import SeenElsewhere, require_seen, seen_by
from consent.selectors import state_of
from consent.standing import News, news_of
from consent.visitor import Level, visitor_of

BODY_LIMIT = 16_384


class ChoiceInput(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=CHOICES)
    next = serializers.CharField(
        required=False, help_text="Path to return to; used when a form was sent."
    )
    shown = serializers.CharField(
        required=False, help_text='Version and language of the text shown, such as "2-en".'
    )
    seen = serializers.CharField(
        required=False,
        help_text="The choice that was shown, as the state tells it; not needed to refuse, nor "
        "from somebody who has not decided.",
    )


class StateOutput(serializers.Serializer[Any]):
    level = serializers.ChoiceField(choices=[level.value for level in Level])
    purposes = serializers.ListField(child=serializers.ChoiceField(choices=list(Purpose)))
    resting = serializers.ListField(
        child=serializers.ChoiceField(choices=list(Purpose)),
        help_text="Purposes that a material change of the text suspended.",
    )
    gpc = serializers.BooleanField(help_text="Whether Global Privacy Control was received.")
    page = serializers.CharField(
        allow_blank=True, help_text="Stamp that event batches of this page carry."
    )
    policy = serializers.IntegerField(
        allow_null=True, help_text="Number of the policy version decided on."
    )
    decided_at = serializers.DateTimeField(allow_null=True)
    seen = serializers.CharField(help_text="To be sent along with a choice made from this state.")
    notice = serializers.ChoiceField(
        choices=["ask", "text", "none"],
        help_text="Whether to ask for a choice, to tell of a changed text, or neither.",
    )


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
            409: OpenApiResponse(
                description="The text shown was replaced, or the person decided elsewhere since: "
                "show it again."
            ),
            429: OpenApiResponse(
                description="Too many yeses from one network within the hour; nothing was changed."
            ),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        data = request.data if hasattr(request.data, "get") else {}
        plain = request._request
        given = {"choice": data.get("choice"), "shown": data.get("shown")}
        form = ChoiceForm(given, site_id=visitor_of(plain).site_id)
        if not form.is_valid():
            return Response(form.errors.get_json_data(), status=400)
        choice, policy = form.cleaned_data["choice"], form.cleaned_data["shown"]
        try:
            choose(plain, choice, source=_source(request), policy=policy, seen=data.get("seen"))
        except PolicyOutdated:
            if _is_json(plain):
                return Response({"detail": "The text has changed: show it again."}, status=409)
            return see_other(f"{reverse('attention_consent:preferences')}?outdated")
        except TooManyGrants:
            if not _is_json(plain):
                return show_limited(plain)
            detail = "Too many permissions came from this network: try again in an hour."
            return Response({"detail": detail}, status=429, headers={"Retry-After": str(HOUR)})
        except SeenElsewhere:
            if _is_json(plain):
                detail = "The person decided elsewhere: ask for the state, show it, ask again."
                return Response({"detail": detail}, status=409)
            return see_other(f"{reverse('attention_consent:preferences')}?changed")
        if _is_json(plain):
            return _json(_state(plain))
        fallback = reverse("attention_consent:preferences")
        return see_other(safe_next(plain, data.get("next"), fallback))


class StateView(ConsentAPIView):
    """Tell the level and the purposes in force."""

    @extend_schema(operation_id="consent_state", responses={200: StateOutput})
    def get(self, request: Request) -> HttpResponse:
        return _json(_state(request._request))


def choose(
    request: HttpRequest,
    choice: str,
    *,
    source: str,
    policy: PolicyVersion | None = None,
    seen: object = None,
) -> None:
    """Carry out a valid choice of level; one that a minor cannot make changes nothing.

    Raises ``PolicyOutdated`` when a material change has replaced ``policy``, the text shown, and
    ``SeenElsewhere`` when a yes was made for a choice (``seen``) that is no longer the one in
    force, ``TooManyGrants`` past the limit of the network. A yes to the level that is in force,
    sent once more, changes nothing.
    """
    if choice == Level.OFF:
        services.refuse(request=request, source=source, policy=policy)
        return
    if age_of(request).forbids_profile:
        return
    if policy is not None:
        require_current(policy)
    try:
        generation = require_seen(request, seen)
    except SeenElsewhere:
        visitor = visitor_of(request)
        if visitor.level == choice and not visitor.is_suspended:
            return
        raise
    if choice == Level.REMEMBER:
        services.grant_remember(
            request=request, source=source, policy=policy, generation=generation
        )
    else:
        services.start_visit(request=request, source=source, policy=policy)


def _state(request: HttpRequest) -> dict[str, Any]:
    visitor = visitor_of(request)
    shopper_id: UUID | None = visitor.shopper_id if visitor.level is Level.REMEMBER else None
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    level = visitor.level
    purposes = sorted(state.granted) if state else []
    if level is Level.REMEMBER and not purposes:
        level = Level.OFF if state and state.is_closed else Level.UNDECIDED
    if level is Level.VISIT:
        purposes = [Purpose.RECS_PERSONAL]
    return {
        "level": level,
        "purposes": purposes,
        "resting": sorted(state.resting) if state else [],
        "gpc": visitor.gpc,
        "page": stamp(request),
        "policy": state.policy.number if state and state.policy else None,
        "decided_at": state.decided_at if state else None,
        "seen": seen_by(request),
        "notice": _notice(request),
    }


def _notice(request: HttpRequest) -> str:
    visitor = visitor_of(request)
    if age_of(request).forbids_profile or visitor.level in {Level.OFF, Level.VISIT}:
        return News.NONE
    if visitor.level is Level.UNDECIDED:
        return News.ASK
    return news_of(visitor=visitor, notice=current_notice(site_id=visitor.site_id))


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
    """Tell where a choice was made: by a script, in the control of a page, or in the notice."""
    if _is_json(request._request):
        return "api"
    return "control" if request._request.POST.get("source") == "control" else "banner"


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0

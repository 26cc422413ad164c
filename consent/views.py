"""Show and take the choices of a person, without a script."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import services
from consent.api import choose
from consent.conf import consent_settings
from consent.forms import ChoiceForm, PurposesForm, safe_next, see_other
from consent.gift import end_gift, start_gift
from consent.grant_limit import TooManyGrants
from consent.minors import age_of
from consent.origin import require_same_origin
from consent.policies.fence import PolicyOutdated
from consent.preferences import show_limited, show_preferences
from consent.privacy import mark_personal
from consent.purposes import Purpose
from consent.seen import SeenElsewhere, require_seen
from consent.visitor import visitor_of

OFFER_ACTIONS = {
    "link": services.link_browser,
    "decline": services.decline_offer,
    "separate": services.separate_account,
}


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show the three levels and the switches of a remembered person; take a change of them."""
    mark_personal(request)
    if request.method == "POST":
        return _take(request)
    return show_preferences(request)


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_POST
def gift(request: HttpRequest) -> HttpResponse:
    """Learn nothing from this visit, or learn from it again; then back to the page."""
    mark_personal(request)
    if request.POST.get("gift") == "on":
        start_gift(request=request)
    else:
        end_gift(request=request)
    fallback = reverse("attention_consent:preferences")
    return see_other(safe_next(request, request.POST.get("next"), fallback))


@require_GET
def gpc_support(request: HttpRequest) -> HttpResponse:
    """State that Global Privacy Control is honored, where the standard looks for it."""
    return JsonResponse({"gpc": True, "lastUpdate": consent_settings.GPC_UPDATED})


def _take(request: HttpRequest) -> HttpResponse:
    here = reverse("attention_consent:preferences")
    back = f"{here}?saved"
    action = request.POST.get("action", "level")
    if action in OFFER_ACTIONS:
        back = back if OFFER_ACTIONS[action](request=request) else here
    elif action == "purposes" and age_of(request).forbids_profile:
        back = here
    else:
        try:
            asked = _decide(request, action)
        except PolicyOutdated:
            return show_preferences(request, status=409, is_outdated=True)
        except SeenElsewhere:
            return show_preferences(request, status=409, was_changed=True)
        except TooManyGrants:
            return show_limited(request)
        if asked is None:
            return show_preferences(request, status=400, was_refused=True)
        if asked:
            return see_other(f"{here}?{urlencode({'confirm': sorted(asked)}, doseq=True)}")
    return see_other(safe_next(request, request.POST.get("next"), back))


def _decide(request: HttpRequest, action: str) -> frozenset[Purpose] | None:
    """Carry out a decision; return what needs a confirmation, or None for one not understood."""
    site_id = visitor_of(request).site_id
    if action not in {"purposes", "confirm"}:
        form = ChoiceForm(request.POST, site_id=site_id)
        if not form.is_valid():
            return None
        choose(
            request,
            form.cleaned_data["choice"],
            source="preferences",
            policy=form.cleaned_data["shown"],
            seen=request.POST.get("seen"),
        )
        return frozenset()
    switches = PurposesForm(request.POST, site_id=site_id)
    if not switches.is_valid():
        return None
    generation = None
    if switches.purposes_on():
        generation = require_seen(request, request.POST.get("seen"))
    decide = services.change_purposes if action == "purposes" else services.confirm_purposes
    return decide(
        request=request,
        purposes=switches.purposes_on(),
        policy=switches.cleaned_data["shown"],
        generation=generation,
    )

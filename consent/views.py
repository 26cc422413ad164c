"""Show and take the choices of a person, without a script."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import services
from consent.api import choose
from consent.conf import consent_settings
from consent.forms import ChoiceForm, PurposesForm, safe_next
from consent.origin import require_same_origin
from consent.policies.selectors import current_notice
from consent.privacy import mark_personal
from consent.purposes import GPC_BLOCKED, Purpose
from consent.selectors import account_shopper, held_of, person_of, state_of, user_of
from consent.visitor import Level, visitor_of


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show the three levels and the switches of a remembered person; take a change of them."""
    mark_personal(request)
    if request.method == "POST":
        return _take(request)
    return render(request, "attention_consent/preferences.html", _preferences(request))


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_GET
def rights(request: HttpRequest) -> HttpResponse:
    """Show what is held of the person who asks."""
    mark_personal(request)
    shopper_id = person_of(request=request)
    held = held_of(shopper_id=shopper_id) if shopper_id else []
    context = {
        **_base(request),
        "held": [each for each in held if each.count],
        "empty": [each for each in held if not each.count],
        "visit": visitor_of(request).visit,
        "was_erased": "done" in request.GET,
    }
    return render(request, "attention_consent/rights.html", context)


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_POST
def erase_everything(request: HttpRequest) -> HttpResponse:
    """Delete everything held of the person who asks, and switch this browser off."""
    mark_personal(request)
    shopper_id = person_of(request=request)
    if shopper_id is not None:
        services.erase(shopper_id=shopper_id, actor="shopper")
    services.refuse(request=request, source="rights")
    return _see_other(f"{reverse('attention_consent:rights')}?done")


@require_GET
def policy(request: HttpRequest) -> HttpResponse:
    """Show the full text of the current policy version."""
    return render(request, "attention_consent/policy.html", _base(request))


@require_GET
def gpc_support(request: HttpRequest) -> HttpResponse:
    """State that Global Privacy Control is honored, where the standard looks for it."""
    return JsonResponse({"gpc": True, "lastUpdate": consent_settings.GPC_UPDATED})


def _take(request: HttpRequest) -> HttpResponse:
    here = reverse("attention_consent:preferences")
    back = f"{here}?saved"
    action = request.POST.get("action", "level")
    if action == "link":
        back = back if services.link_browser(request=request) else here
    elif action == "purposes":
        switches = PurposesForm(request.POST)
        if not switches.is_valid():
            return _refused(request)
        services.change_purposes(request=request, purposes=switches.purposes_on())
    else:
        form = ChoiceForm(request.POST)
        if not form.is_valid():
            return _refused(request)
        choose(request, form.cleaned_data["choice"], source="preferences")
    return _see_other(safe_next(request, request.POST.get("next"), back))


def _refused(request: HttpRequest) -> HttpResponse:
    context = {**_preferences(request), "was_refused": True}
    return render(request, "attention_consent/preferences.html", context, status=400)


def _preferences(request: HttpRequest) -> dict[str, Any]:
    visitor = visitor_of(request)
    shopper_id = person_of(request=request)
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    in_force = state.granted if state else frozenset()
    is_remembered = visitor.level is Level.REMEMBER and bool(in_force)
    level = visitor.level
    if level is Level.REMEMBER and not is_remembered:
        level = Level.OFF if state else Level.UNDECIDED
    offered = [Purpose(name) for name in consent_settings.OFFERED_PURPOSES]
    return {
        **_base(request),
        "level": level.value,
        "is_remembered": is_remembered,
        "switches": [
            {
                "purpose": purpose,
                "is_on": purpose in in_force,
                "is_blocked": visitor.gpc and purpose in GPC_BLOCKED,
            }
            for purpose in offered
        ],
        "state": state,
        "offer": visitor.offer if _may_link(request) else None,
        "was_saved": "saved" in request.GET,
    }


def _may_link(request: HttpRequest) -> bool:
    visitor, user = visitor_of(request), user_of(request)
    if user is None or visitor.offer is None:
        return False
    return account_shopper(site_id=visitor.site_id, user=user) is None


def _base(request: HttpRequest) -> dict[str, Any]:
    visitor = visitor_of(request)
    return {
        "base_template": consent_settings.BASE_TEMPLATE,
        "policy_text": current_notice(site_id=visitor.site_id),
        "gpc": visitor.gpc,
        "hide_notice": True,
    }


def _see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response

"""Show and take the choices of a person, without a script."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import services
from consent.api import choose
from consent.conf import consent_settings
from consent.forms import ChoiceForm, PurposesForm, safe_next, see_other
from consent.gift import end_gift, start_gift
from consent.holdings import corrections
from consent.minors import age_of
from consent.offers import offer_of
from consent.origin import require_same_origin
from consent.policies.fence import PolicyOutdated
from consent.policies.selectors import fresh_notice
from consent.privacy import mark_personal
from consent.purposes import GPC_BLOCKED, Purpose, from_mask
from consent.seen import SeenElsewhere, require_seen, seen_by
from consent.selectors import person_of, state_of, user_of
from consent.visitor import Level, visitor_of

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
    return render(request, "attention_consent/preferences.html", _preferences(request))


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
            return _again(request, "is_outdated", 409)
        except SeenElsewhere:
            return _again(request, "was_changed", 409)
        if asked is None:
            return _again(request, "was_refused", 400)
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


def _again(request: HttpRequest, why: str, status: int) -> HttpResponse:
    context = {**_preferences(request), why: True}
    return render(request, "attention_consent/preferences.html", context, status=status)


def _preferences(request: HttpRequest) -> dict[str, Any]:
    visitor = visitor_of(request)
    shopper_id = person_of(request=request)
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    in_force = state.granted if state else frozenset()
    is_remembered = visitor.level is Level.REMEMBER and bool(in_force)
    level = visitor.level
    if level is Level.REMEMBER and not is_remembered:
        level = Level.OFF if state and state.is_closed else Level.UNDECIDED
    offered = [Purpose(name) for name in consent_settings.OFFERED_PURPOSES]
    blocked = GPC_BLOCKED if visitor.gpc else frozenset()
    kept_off = blocked - from_mask(state.confirmed if state else 0)
    asked = set(request.GET.getlist("confirm")) & kept_off & set(offered)
    return {
        **_base(request),
        "level": level.value,
        "is_remembered": is_remembered,
        "switches": [
            {
                "purpose": purpose,
                "is_on": purpose in in_force - kept_off,
                "is_blocked": purpose in kept_off,
                "is_confirmed": purpose in in_force & blocked - kept_off,
            }
            for purpose in offered
        ],
        "asked": sorted(Purpose(name) for name in asked),
        "suspended_days": consent_settings.SUSPENDED_DAYS,
        "resting": sorted(state.resting) if state and not state.is_restricted else [],
        "state": state,
        "offer": offer_of(request=request),
        "corrections": corrections(),
        "has_account": user_of(request) is not None and is_remembered,
        "is_minor": age_of(request).forbids_profile,
        "was_saved": "saved" in request.GET,
        "is_outdated": "outdated" in request.GET,
        "was_changed": "changed" in request.GET,
        "seen": seen_by(request),
    }


def _base(request: HttpRequest) -> dict[str, Any]:
    visitor = visitor_of(request)
    return {
        "base_template": consent_settings.BASE_TEMPLATE,
        "policy_text": fresh_notice(site_id=visitor.site_id),
        "gpc": visitor.gpc,
        "hide_notice": True,
    }

"""Render the preferences page: what a person chose, and what they may choose."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from consent.conf import consent_settings
from consent.forms import safe_next
from consent.holdings import corrections
from consent.minors import age_of
from consent.offers import offer_of
from consent.policies.selectors import fresh_notice
from consent.purposes import GPC_BLOCKED, Purpose, from_mask
from consent.rights.limits import HOUR
from consent.seen import seen_by
from consent.selectors import person_of, state_of, user_of
from consent.visitor import Level, visitor_of


def show_preferences(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    """Return the page as things stand; ``more`` adds to its context, or replaces a part of it."""
    context = {**_context(request), **more}
    return render(request, "attention_consent/preferences.html", context, status=status)


def show_limited(request: HttpRequest) -> HttpResponse:
    """Say that nothing was switched on because of the limit, and keep what the form said."""
    given = request.POST
    kept: dict[str, Any] = {"next": safe_next(request, given.get("next"), "")}
    if given.get("choice"):
        kept["level"] = given["choice"]
    if given.get("action") == "purposes":
        chosen = given.getlist("purposes")
        kept["switches"] = [
            {**switch, "is_on": switch["purpose"] in chosen}
            for switch in _context(request)["switches"]
        ]
        kept["has_switches"] = True
    response = show_preferences(request, status=429, was_limited=True, **kept)
    response["Retry-After"] = str(HOUR)
    return response


def _context(request: HttpRequest) -> dict[str, Any]:
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
        "base_template": consent_settings.BASE_TEMPLATE,
        "policy_text": fresh_notice(site_id=visitor.site_id),
        "gpc": visitor.gpc,
        "hide_notice": True,
        "level": level.value,
        "is_remembered": is_remembered,
        "has_switches": is_remembered,
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

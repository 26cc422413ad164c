"""Show the texts people decide on, and what changed from one version to the next."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from consent import services
from consent.conf import consent_settings
from consent.forms import safe_next, see_other
from consent.origin import require_same_origin
from consent.policies.difference import difference
from consent.policies.models import PolicyVersion
from consent.policies.selectors import all_versions, fresh_notice, version_before, version_of
from consent.privacy import mark_personal
from consent.visitor import site_id_of


@require_GET
def policy(request: HttpRequest) -> HttpResponse:
    """Show the full text of the current version."""
    context = {**_base(), "policy_text": fresh_notice(site_id=site_id_of(request))}
    return render(request, "attention_consent/policy.html", context)


@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """List every version."""
    versions = all_versions(site_id=site_id_of(request))
    return render(
        request, "attention_consent/policy_history.html", {**_base(), "versions": versions}
    )


@require_GET
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Show one version and what it changed."""
    found = version_of(site_id=site_id_of(request), number=number)
    if found is None:
        raise Http404("There is no such version.")
    context = {**_base(), "version": found, **changes_of(found)}
    return render(request, "attention_consent/policy_version.html", context)


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """Put away the news of a changed text."""
    mark_personal(request)
    services.put_news_away(request=request)
    fallback = reverse("attention_consent:policy")
    return see_other(safe_next(request, request.POST.get("next"), fallback))


def changes_of(new: PolicyVersion) -> dict[str, Any]:
    """Return what a template needs to show ``new`` against the version before it."""
    old = version_before(new)
    return {
        "before": old,
        "changes": {
            field: difference(getattr(old, field) if old else "", getattr(new, field))
            for field in ("title", "notice", "body")
        },
    }


def _base() -> dict[str, Any]:
    return {"base_template": consent_settings.BASE_TEMPLATE, "hide_notice": True}

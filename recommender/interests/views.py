"""``/attention/interests/``: what was learned of the person who asks, and their corrections."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.conf import consent_settings
from consent.origin import require_same_origin
from consent.privacy import mark_personal
from consent.selectors import person_of
from recommender.interests.actions import ACTIONS
from recommender.interests.section import section_data

PAGE = "attention_recommender/interests.html"


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_http_methods(["GET", "HEAD", "POST"])
def interests(request: HttpRequest) -> HttpResponse:
    """Show what was learned; take a correction and show the page again."""
    mark_personal(request)
    if request.method != "POST":
        return _page(request)
    name = request.POST.get("action", "")
    try:
        if name not in ACTIONS:
            raise ValueError("There is no such action.")
        ACTIONS[name](person_of(request=request), request)
    except ValueError:
        return _page(request, status=400)
    here = reverse("attention_recommender:interests")
    return HttpResponseRedirect(f"{here}?done={name}", status=303)


def _page(request: HttpRequest, status: int = 200) -> HttpResponse:
    data = section_data(person_of(request=request), request)
    context = {
        **(data or {}),
        "base_template": consent_settings.BASE_TEMPLATE,
        "hide_notice": True,
        "is_known": data is not None,
        "section_url": reverse("attention_recommender:interests"),
        "was_refused": status == 400,
        "done": request.GET.get("done", ""),
    }
    return render(request, PAGE, context, status=status)

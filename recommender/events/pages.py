"""What a person sees of their own history, and the way to forget one product of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from consent.conf import consent_settings
from consent.forms import safe_next
from consent.origin import require_same_origin
from consent.privacy import mark_personal
from consent.selectors import person_of
from consent.visitor import Level, visitor_of
from recommender.catalog.adapter import get_adapter
from recommender.catalog.models import KEY_LENGTH
from recommender.catalog.selectors import products_by_keys
from recommender.events.forgetting import forget_product
from recommender.events.selectors import products_of

MOST = 100


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Show the products of the person's history, the newest first, each with a way to forget it."""
    mark_personal(request)
    visitor = visitor_of(request)
    if visitor.level is Level.VISIT and visitor.visit is not None:
        keys = list(reversed(visitor.visit.products))
    else:
        shopper_id = person_of(request=request)
        keys = products_of(shopper_id=shopper_id, limit=MOST) if shopper_id else []
    found = products_by_keys(site=visitor.site_id, keys=keys)
    adapter = get_adapter()
    context: dict[str, Any] = {
        "base_template": consent_settings.BASE_TEMPLATE,
        "products": [(found[key], adapter.url(key=key)) for key in keys if key in found],
        "is_visit": visitor.level is Level.VISIT,
        "was_forgotten": "forgotten" in request.GET,
        "hide_notice": True,
    }
    return render(request, "attention_recommender/history.html", context)


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Forget one product of the person's history; then to ``next``, or to the history."""
    mark_personal(request)
    product = request.POST.get("product", "")
    if product and len(product) <= KEY_LENGTH:
        forget_product(request=request, product_key=product)
    fallback = f"{reverse('attention_recommender:history')}?forgotten"
    response = HttpResponseRedirect(safe_next(request, request.POST.get("next"), fallback))
    response.status_code = 303
    return response

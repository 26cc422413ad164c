"""The forms under a product."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from attention_shop.storefront.behavior import note
from attention_shop.storefront.catalog.requested import posted_product
from attention_shop.storefront.doors import public_form
from attention_shop.storefront.feedback import services
from attention_shop.storefront.notices import next_url, redirect_with
from recommender.events.kinds import Kind

HUNDREDTHS = 100
"""The recommender keeps ratings in hundredths of a star."""

WISHES = {
    "hide": (Kind.HIDE, "hidden"),
    "less_like_this": (Kind.LESS_LIKE_THIS, "less-like-this"),
    "share": (Kind.SHARE, "shared"),
}


@public_form
@login_required
def review(request: HttpRequest) -> HttpResponse:
    """Take a buyer's stars and words."""
    product = posted_product(request)
    here = product.get_absolute_url()
    stars = request.POST.get("stars", "")
    text = request.POST.get("text", "").strip()
    if stars not in {"1", "2", "3", "4", "5"}:
        return redirect_with(here, "stars-missing")
    try:
        services.write_review(user=request.user, product=product, stars=int(stars), text=text)  # type: ignore[arg-type]
    except services.NotABuyerError:
        return redirect_with(here, "review-buyers")
    note(request=request, kind=Kind.RATING, product=product, value=int(stars) * HUNDREDTHS)
    if text:
        note(request=request, kind=Kind.REVIEW, product=product)
    return redirect_with(here, "review-thanks")


@public_form
@login_required
def comment(request: HttpRequest) -> HttpResponse:
    """Publish a comment."""
    product = posted_product(request)
    here = product.get_absolute_url()
    text = request.POST.get("text", "").strip()
    if not text:
        return redirect_with(here, "text-missing")
    services.write_comment(user=request.user, product=product, text=text)  # type: ignore[arg-type]
    note(request=request, kind=Kind.COMMENT, product=product)
    return redirect_with(here, "comment-thanks")


@public_form
def complaint(request: HttpRequest) -> HttpResponse:
    """Take a complaint from anybody."""
    product = posted_product(request)
    here = product.get_absolute_url()
    text = request.POST.get("text", "").strip()
    if not text:
        return redirect_with(here, "text-missing")
    user = request.user if request.user.is_authenticated else None
    services.write_complaint(user=user, product=product, text=text)
    note(request=request, kind=Kind.COMPLAINT, product=product)
    return redirect_with(here, "complaint-thanks")


@public_form
def wish(request: HttpRequest) -> HttpResponse:
    """Take a press of share, hide or less like this; the page says whether it was remembered."""
    product = posted_product(request)
    here = next_url(request, product.get_absolute_url())
    known = WISHES.get(request.POST.get("wish", ""))
    if known is None:
        return redirect_with(here, "unavailable")
    kind, notice = known
    outcome = note(request=request, kind=kind, product=product)
    if kind is not Kind.SHARE and not outcome:
        notice = "not-remembered"
    return redirect_with(here, notice)

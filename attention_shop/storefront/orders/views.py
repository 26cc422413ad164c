"""Checkout, confirmation, history, returns."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from attention_shop.storefront.accounts.selectors import address_of
from attention_shop.storefront.accounts.services import save_address
from attention_shop.storefront.basket.contents import Contents, contents_of
from attention_shop.storefront.basket.store import basket_of
from attention_shop.storefront.behavior import note_order, note_return
from attention_shop.storefront.doors import open_form, public_form
from attention_shop.storefront.notices import redirect_with
from attention_shop.storefront.orders import selectors, services
from attention_shop.storefront.orders.forms import CheckoutForm
from attention_shop.storefront.orders.models import Order
from attention_shop.storefront.shop_site import site_of

FRESH = timedelta(hours=1)
"""How long an order's page says thank you."""


@never_cache
@open_form
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Ask for the address and place the order."""
    contents = contents_of(site=site_of(request), basket=basket_of(request))
    if request.method == "POST" and (earlier := _ordered_before(request)) is not None:
        return redirect(earlier)
    if not contents.lines:
        return redirect_with(reverse("attention_storefront:basket"), "basket-empty")
    if request.method != "POST":
        form = CheckoutForm(initial=_known_address(request))
        return _show(request, form, contents)
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        return _show(request, form, contents, status=422)
    if form.cleaned_data["shown_total"] != contents.total_micros:
        form.add_error(None, _("Your basket has changed. Please look at the new total."))
        return _show(request, form, contents, status=409)
    return _place(request, form, contents)


def _place(request: HttpRequest, form: CheckoutForm, contents: Contents) -> HttpResponse:
    user = request.user if request.user.is_authenticated else None
    try:
        placed = services.place_order(
            site=site_of(request),
            user=user,
            basket=basket_of(request),
            contents=contents,
            destination=form.destination(),
        )
    except services.SoldOutError as sold_out:
        form.add_error(
            None,
            _("“%(title)s” is no longer available as shown.") % {"title": sold_out.product.title},
        )
        return _show(request, form, contents, status=409)
    if user is None:
        selectors.remember_guest_order(request=request, order=placed.order)
    if placed.is_new:
        if user is not None:
            save_address(user=user, destination=form.destination())
        note_order(request=request, order=placed.order)
    return redirect(placed.order)


def _ordered_before(request: HttpRequest) -> Order | None:
    """The order a first press of the same button already made, when this person may see it."""
    try:
        token = uuid.UUID(request.POST.get("filling", ""))
    except ValueError:
        return None
    return selectors.own_orders(request).filter(basket_token=token).first()


def _known_address(request: HttpRequest) -> dict[str, Any]:
    if not request.user.is_authenticated:
        return {}
    address = address_of(request)
    if address is not None:
        return model_to_dict(address, exclude=["id", "user"])
    return {"full_name": request.user.get_full_name(), "email": request.user.email}


def _show(
    request: HttpRequest, form: CheckoutForm, contents: Contents, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "contents": contents}
    return render(request, "attention_storefront/checkout.html", context, status=status)


@never_cache
@require_safe
def order(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Confirm an order and show its lines."""
    found = selectors.own_order(request, order_id)
    context = {"order": found, "is_fresh": timezone.now() - found.placed_at < FRESH}
    return render(request, "attention_storefront/order.html", context)


@never_cache
@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """List the account's orders."""
    context = {"orders": selectors.order_history(request)}
    return render(request, "attention_storefront/orders.html", context)


@public_form
def return_line(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Send one line of an own order back."""
    found = selectors.own_order(request, order_id)
    sku = request.POST.get("product", "")
    line = next((line for line in found.lines.all() if line.sku == sku), None)
    if line is None or not services.return_line(line=line):
        return redirect_with(found.get_absolute_url(), "return-refused")
    note_return(request=request, line=line)
    return redirect_with(found.get_absolute_url(), "returned")

"""The basket page and its forms."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attention_shop.storefront.basket import services
from attention_shop.storefront.basket.contents import contents_of
from attention_shop.storefront.basket.store import MAX_QUANTITY, basket_of
from attention_shop.storefront.behavior import note
from attention_shop.storefront.catalog.requested import posted_product, posted_quantity
from attention_shop.storefront.doors import public_form
from attention_shop.storefront.notices import next_url, redirect_with
from attention_shop.storefront.shop_site import site_of
from recommender.events.kinds import Kind


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show what is in the basket."""
    contents = contents_of(site=site_of(request), basket=basket_of(request))
    context = {"contents": contents, "quantities": range(1, MAX_QUANTITY + 1)}
    return render(request, "attention_storefront/basket.html", context)


@public_form
def add(request: HttpRequest) -> HttpResponse:
    """Put a product in."""
    product = posted_product(request)
    here = next_url(request, reverse("attention_storefront:basket"))
    basket = basket_of(request)
    before = basket.quantities().get(product.sku, 0)
    try:
        after = services.add(
            site=site_of(request),
            basket=basket,
            product=product,
            quantity=posted_quantity(request, default=1),
        )
    except services.BasketError as refusal:
        return redirect_with(here, refusal.code)
    note(request=request, kind=Kind.CART_ADD, product=product, value=after - before)
    return redirect_with(here, "basket-added")


@public_form
def change(request: HttpRequest) -> HttpResponse:
    """Set the quantity of a product; 0 takes it out."""
    product = posted_product(request)
    basket = basket_of(request)
    before = basket.quantities().get(product.sku, 0)
    after = services.change(
        basket=basket, product=product, quantity=posted_quantity(request, default=before)
    )
    here = reverse("attention_storefront:basket")
    if after < before:
        note(request=request, kind=Kind.CART_REMOVE, product=product, value=before - after)
    elif after > before:
        note(request=request, kind=Kind.CART_ADD, product=product, value=after - before)
    return redirect_with(here, "basket-changed" if after else "basket-removed")

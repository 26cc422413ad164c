"""The product a form speaks of."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.shop_site import site_of


def posted_product(request: HttpRequest) -> Product:
    """The listed product named by the posted ``product``.

    Raises:
        Http404: no such product is shown.
    """
    products = Product.objects.for_site(site_of(request)).listed()
    product = products.filter(sku=request.POST.get("product", "")[:128]).first()
    if product is None:
        raise Http404
    return product


def posted_quantity(request: HttpRequest, *, default: int) -> int:
    """The posted ``quantity``; ``default`` when it is not a small number."""
    raw = request.POST.get("quantity", "")
    return int(raw) if raw.isdecimal() and len(raw) < 6 else default

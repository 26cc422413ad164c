"""What the account pages read."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from attention_shop.storefront.accounts.models import Address, Favorite
from attention_shop.storefront.accounts.services import FAVORITES_SESSION_KEY
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.catalog.selectors import shown_products
from attention_shop.storefront.shop_site import site_of


def favorites_of(request: HttpRequest) -> Sequence[Product]:
    """The favorites still on sale, newest first: 1 query."""
    site = site_of(request)
    if request.user.is_authenticated:
        mine = Favorite.objects.filter(
            user_id=request.user.pk, product__site=site, product__is_listed=True
        )
        return [favorite.product for favorite in mine.select_related("product")]
    kept: list[str] = request.session.get(FAVORITES_SESSION_KEY, [])
    products = shown_products(site=site, skus=kept)
    return [products[sku] for sku in kept if sku in products]


def is_favorite(*, request: HttpRequest, product: Product) -> bool:
    """Whether this person keeps ``product``; no query for a visitor."""
    if request.user.is_authenticated:
        return Favorite.objects.filter(user_id=request.user.pk, product=product).exists()
    return product.sku in request.session.get(FAVORITES_SESSION_KEY, [])


def address_of(request: HttpRequest) -> Address | None:
    """Where the account's last order went."""
    if not request.user.is_authenticated:
        return None
    return Address.objects.filter(user_id=request.user.pk).first()

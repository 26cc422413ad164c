"""What an account keeps, and how a visitor's things follow it in."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib.auth import logout
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sites.models import Site
from django.http import HttpRequest

from attention_shop.storefront.accounts.models import Address, Favorite
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.catalog.selectors import shown_products
from attention_shop.storefront.orders.services import Destination
from attention_shop.storefront.shop_session import take_out
from consent.rights.people import person_asking
from consent.rights.services import erase

FAVORITES_SESSION_KEY = "attention_storefront_favorites"
VISIT_FAVORITES = 50


def save_address(*, user: AbstractBaseUser, destination: Destination) -> None:
    """Keep where the last order went."""
    Address.objects.update_or_create(user_id=user.pk, defaults=asdict(destination))


def keep_favorite(*, request: HttpRequest, product: Product) -> bool | None:
    """Keep ``product`` in the account, or in the session of a visitor.

    Returns:
        True when it was new, False when it was kept already, None when no more fit.
    """
    if request.user.is_authenticated:
        _favorite, is_new = Favorite.objects.get_or_create(user_id=request.user.pk, product=product)
        return is_new
    kept: list[str] = request.session.get(FAVORITES_SESSION_KEY, [])
    if product.sku in kept:
        return False
    if len(kept) >= VISIT_FAVORITES:
        return None
    request.session[FAVORITES_SESSION_KEY] = [product.sku, *kept]
    return True


def drop_favorite(*, request: HttpRequest, product: Product) -> bool:
    """Forget a favorite; False when it was none."""
    if request.user.is_authenticated:
        mine = Favorite.objects.filter(user_id=request.user.pk, product=product)
        return bool(mine.delete()[0])
    kept: list[str] = request.session.get(FAVORITES_SESSION_KEY, [])
    left = [sku for sku in kept if sku != product.sku]
    if left:
        request.session[FAVORITES_SESSION_KEY] = left
    else:
        take_out(request.session, FAVORITES_SESSION_KEY)
    return len(left) < len(kept)


def close_account(*, request: HttpRequest) -> None:
    """Delete everything held of the person who is signed in, and then their account."""
    user = request.user
    erase(request=request, person=person_asking(request))
    logout(request)
    user.delete()


def merge_visit(*, request: HttpRequest, site: Site, user: AbstractBaseUser) -> None:
    """Move a visitor's favorites into the account they signed in to."""
    kept: list[str] = request.session.pop(FAVORITES_SESSION_KEY, [])
    products = shown_products(site=site, skus=kept)
    Favorite.objects.bulk_create(
        (Favorite(user_id=user.pk, product=product) for product in products.values()),
        ignore_conflicts=True,
    )

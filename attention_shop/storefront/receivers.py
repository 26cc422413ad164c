"""Signals the shop listens to: its own catalog, and people signing in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from attention_shop.storefront import mirroring
from attention_shop.storefront.accounts.services import merge_visit as merge_favorites
from attention_shop.storefront.basket.services import merge_visit as merge_basket
from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.shop_site import site_of


def carry_in(
    sender: object, *, request: HttpRequest | None, user: AbstractBaseUser, **kwargs: Any
) -> None:
    """Move a visitor's basket and favorites into the account."""
    if request is None or not hasattr(request, "session"):
        return
    site = site_of(request)
    merge_basket(request=request, site=site, user=user)
    merge_favorites(request=request, site=site, user=user)


def product_changed(sender: object, *, instance: Product, raw: bool = False, **kwargs: Any) -> None:
    """Tell the recommender of a saved or deleted product; fixtures are mirrored by hand."""
    if not raw:
        mirroring.product_changed(instance)


def category_changed(
    sender: object, *, instance: Category, raw: bool = False, **kwargs: Any
) -> None:
    """Tell the recommender of a saved category."""
    if not raw:
        mirroring.category_changed(instance)


def connect() -> None:
    """Connect every receiver once."""
    uid = "attention_storefront"
    user_logged_in.connect(carry_in, dispatch_uid=f"{uid}.carry_in")
    post_save.connect(product_changed, sender=Product, dispatch_uid=f"{uid}.product_saved")
    post_delete.connect(product_changed, sender=Product, dispatch_uid=f"{uid}.product_deleted")
    post_save.connect(category_changed, sender=Category, dispatch_uid=f"{uid}.category_saved")

"""Registers the storefront's models; each lives beside its subject."""

from __future__ import annotations

from attention_shop.storefront.accounts.models import Address, Favorite
from attention_shop.storefront.accounts.session_store import ShopSession
from attention_shop.storefront.basket.models import Basket, BasketLine
from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.feedback.models import Comment, Complaint, Review
from attention_shop.storefront.orders.models import Order, OrderLine

__all__ = [
    "Address",
    "Basket",
    "BasketLine",
    "Category",
    "Comment",
    "Complaint",
    "Favorite",
    "Order",
    "OrderLine",
    "Product",
    "Review",
    "ShopSession",
]

"""Whose orders may be seen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sites.models import Site
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from attention_shop.storefront.orders.models import Order, OrderLine
from attention_shop.storefront.shop_site import site_of

SESSION_KEY = "attention_storefront_orders"
REMEMBERED = 20


def remember_guest_order(*, request: HttpRequest, order: Order) -> None:
    """Let this visitor see the order for as long as the session lasts."""
    seen = [str(order.pk), *request.session.get(SESSION_KEY, [])]
    request.session[SESSION_KEY] = list(dict.fromkeys(seen))[:REMEMBERED]


def own_orders(request: HttpRequest) -> QuerySet[Order]:
    """Orders of this shop made by this account, or as a guest in this session."""
    guest_ids = [uuid.UUID(each) for each in request.session.get(SESSION_KEY, [])]
    mine = Q(pk__in=guest_ids, user__isnull=True)
    if request.user.is_authenticated:
        mine |= Q(user_id=request.user.pk)
    return Order.objects.filter(mine, site=site_of(request))


def own_order(request: HttpRequest, order_id: uuid.UUID) -> Order:
    """One own order with its lines.

    Raises:
        Http404: there is none, or it is somebody else's; both look the same.
    """
    found = own_orders(request).filter(pk=order_id).prefetch_related("lines__product").first()
    if found is None:
        raise Http404
    return found


def order_history(request: HttpRequest) -> Sequence[Order]:
    """The latest own orders, newest first."""
    return list(own_orders(request).prefetch_related("lines").order_by("-placed_at")[:50])


def has_bought(*, site: Site, user: AbstractBaseUser, sku: str) -> bool:
    """Whether the account ordered the product."""
    lines = OrderLine.objects.filter(order__site=site, order__user_id=user.pk, sku=sku)
    return lines.exists()

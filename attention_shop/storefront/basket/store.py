"""Where a basket lives: in the session of a visitor, in the database for an account.

Both stores do the same; looking at either writes nothing, so a visitor gets a session only when
something is put in.
"""

from __future__ import annotations

import uuid
from typing import Protocol, TypedDict

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sites.models import Site
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.http import HttpRequest

from attention_shop.storefront.basket.models import Basket, BasketLine
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.shop_session import take_out
from attention_shop.storefront.shop_site import site_of

SESSION_KEY = "attention_storefront_basket"
MAX_LINES = 50
MAX_QUANTITY = 20


class BasketStore(Protocol):
    """One person's basket."""

    def token(self) -> uuid.UUID | None:
        """Name of the present filling; None before anything was put in."""
        ...

    def quantities(self) -> dict[str, int]:
        """Quantity by SKU, in the order they were put in."""
        ...

    def count(self) -> int:
        """How many things are in it."""
        ...

    def put(self, product: Product, quantity: int) -> None:
        """Set the quantity of ``product``; 0 takes it out."""
        ...

    def finish(self, token: uuid.UUID) -> None:
        """Empty the filling ``token``; a newer filling stays."""
        ...


class _Stored(TypedDict):
    token: str
    lines: dict[str, int]


class SessionBasket:
    """A visitor's basket."""

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session

    def _stored(self) -> _Stored:
        stored: _Stored | None = self._session.get(SESSION_KEY)
        return stored or {"token": "", "lines": {}}

    def token(self) -> uuid.UUID | None:
        """Name of the present filling."""
        token = self._stored()["token"]
        return uuid.UUID(token) if token else None

    def quantities(self) -> dict[str, int]:
        """Quantity by SKU."""
        return dict(self._stored()["lines"])

    def count(self) -> int:
        """How many things are in it."""
        return sum(self._stored()["lines"].values())

    def put(self, product: Product, quantity: int) -> None:
        """Set the quantity of ``product``; an emptied basket leaves the session."""
        stored = self._stored()
        lines = {**stored["lines"], product.sku: quantity}
        lines = {sku: number for sku, number in lines.items() if number > 0}
        if lines:
            token = stored["token"] or str(uuid.uuid4())
            self._session[SESSION_KEY] = {"token": token, "lines": lines}
        else:
            take_out(self._session, SESSION_KEY)

    def finish(self, token: uuid.UUID) -> None:
        """Empty the filling ``token``."""
        if self.token() == token:
            take_out(self._session, SESSION_KEY)


class AccountBasket:
    """An account's basket in one shop."""

    def __init__(self, *, site: Site, user: AbstractBaseUser) -> None:
        self._site = site
        self._user = user

    def token(self) -> uuid.UUID | None:
        """Name of the present filling."""
        found = Basket.objects.filter(site=self._site, user_id=self._user.pk)
        return found.values_list("token", flat=True).first()

    def quantities(self) -> dict[str, int]:
        """Quantity by SKU: 1 query."""
        lines = self._lines().order_by("pk")
        return dict(lines.values_list("product__sku", "quantity"))

    def count(self) -> int:
        """How many things are in it: 1 query."""
        return self._lines().aggregate(count=Sum("quantity"))["count"] or 0

    def put(self, product: Product, quantity: int) -> None:
        """Set the quantity of ``product``."""
        if quantity <= 0:
            self._lines().filter(product=product).delete()
            return
        with transaction.atomic():
            basket, _created = Basket.objects.get_or_create(site=self._site, user_id=self._user.pk)
            BasketLine.objects.update_or_create(
                basket=basket, product=product, defaults={"quantity": quantity}
            )

    def finish(self, token: uuid.UUID) -> None:
        """Empty the filling ``token`` and name the next one."""
        with transaction.atomic():
            mine = Basket.objects.filter(site=self._site, user_id=self._user.pk, token=token)
            if mine.update(token=uuid.uuid4()):
                self._lines().delete()

    def _lines(self) -> QuerySet[BasketLine]:
        return BasketLine.objects.filter(basket__site=self._site, basket__user_id=self._user.pk)


def basket_of(request: HttpRequest) -> BasketStore:
    """The basket of this request's person."""
    user = request.user
    if user.is_authenticated:
        return AccountBasket(site=site_of(request), user=user)
    return SessionBasket(request)

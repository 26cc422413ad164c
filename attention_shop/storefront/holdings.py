"""What the shop keeps of a person with an account, told to the consent floor.

A shopper without an account has none of this: a visitor's basket lives in the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from attention_shop.storefront.accounts.models import Address, Favorite
from attention_shop.storefront.accounts.sessions import sessions_holding, sessions_rule
from attention_shop.storefront.basket.models import Basket, BasketLine
from attention_shop.storefront.feedback.models import Comment, Complaint, Review
from attention_shop.storefront.feedback.services import refresh_rating
from attention_shop.storefront.held_fields import FIELDS
from attention_shop.storefront.orders.models import Order
from consent.holdings import Guest, Holding, Records, register
from consent.models import Shopper
from consent.purposes import Purpose
from consent.retention.rules import register_rule

Rows = Callable[[int], QuerySet[Any]]
Export = Callable[[Any], dict[str, Any]]


def register_all() -> None:
    """Register every holding of the shop, and how long its sessions are kept."""
    for holding in (_account(), _orders(), _addresses(), _baskets(), _favorites(), *_feedback()):
        register(holding)
    register(sessions_holding())
    register_rule(sessions_rule())


def _user_id(shopper_id: UUID) -> int | None:
    return Shopper.objects.filter(pk=shopper_id).values_list("user_id", flat=True).first()


def _holding(
    *,
    label: str,
    title: Promise,
    models: tuple[type[Model], ...],
    rows: Rows,
    export: Export,
    retention: Promise,
    erase: Callable[[QuerySet[Any]], int],
    recipients: Promise | str = "",
    kept_by_law: Promise | str = "",
    correct: str = "",
    by_mail: Records[Guest] | None = None,
) -> Holding:
    """A holding whose rows belong to an account, whether it has a shopper or not."""
    own = _records(rows, export, erase)

    def count(shopper_id: UUID) -> int:
        user_id = _user_id(shopper_id)
        return 0 if user_id is None else own.count(user_id)

    def exported(shopper_id: UUID) -> Iterable[dict[str, Any]]:
        user_id = _user_id(shopper_id)
        return [] if user_id is None else own.export(user_id)

    def erased(shopper_id: UUID, limit: int | None) -> int:
        user_id = _user_id(shopper_id)
        return 0 if user_id is None else own.erase(user_id, limit)

    return Holding(
        label=label,
        title=title,
        models=tuple(model._meta.label for model in models),
        purpose=Purpose.NECESSARY,
        retention=retention,
        count=count,
        export=exported,
        erase=erased,
        source=_("You gave it to this shop."),
        recipients=recipients,
        schema=FIELDS[label],
        correct=correct,
        by_account=_records(lambda account: rows(account.user_id), export, erase),
        by_mail=by_mail,
        kept_by_law=kept_by_law,
    )


def _records(
    rows: Callable[[Any], QuerySet[Any]],
    export: Export,
    erase: Callable[[QuerySet[Any]], int],
) -> Records[Any]:
    """The same rows by another key: an account's, a guest's."""

    def erased(key: Any, limit: int | None) -> int:
        ids = list(rows(key).values_list("pk", flat=True)[:limit])
        return erase(rows(key).filter(pk__in=ids)) if ids else 0

    return Records(
        count=lambda key: rows(key).count(),
        export=lambda key: [export(row) for row in rows(key)],
        erase=erased,
    )


def _deleted(rows: QuerySet[Any]) -> int:
    number = rows.count()
    rows.delete()
    return number


def _forget_buyer(orders: QuerySet[Order]) -> int:
    """Take the person out of the orders; amounts stay on the books."""
    return orders.update(
        user=None, full_name="", email="", street="", postal_code="", city="", country=""
    )


def _take_back(reviews: QuerySet[Review]) -> int:
    """Delete reviews and take their stars out of the ratings."""
    products = [review.product for review in reviews.select_related("product")]
    number = _deleted(reviews)
    for product in products:
        refresh_rating(product=product)
    return number


def _orders() -> Holding:
    return _holding(
        label="attention_storefront.orders",
        title=_("Orders"),
        models=(Order,),
        rows=lambda user_id: Order.objects.filter(user_id=user_id).prefetch_related("lines"),
        export=_order,
        retention=_("Name and address until erased; amounts as long as the law asks of a seller."),
        erase=_forget_buyer,
        kept_by_law=_("Amounts, products and date of each order, for the books of a seller."),
        by_mail=_records(_guest_orders, _order, _forget_buyer),
    )


def _guest_orders(guest: Guest) -> QuerySet[Order]:
    """Orders made without an account, by the address they were given."""
    return Order.objects.of_guest(site_id=guest.site_id, mail=guest.mail).prefetch_related("lines")


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "placed_at": order.placed_at,
        "name": order.full_name,
        "email": order.email,
        "street": order.street,
        "postal_code": order.postal_code,
        "city": order.city,
        "country": order.country,
        "currency": order.currency,
        "total_micros": order.total_micros,
        "lines": [
            {
                "product": line.sku,
                "title": line.title,
                "quantity": line.quantity,
                "price_micros": line.price_micros,
            }
            for line in order.lines.all()
        ],
    }


def _account() -> Holding:
    """The account itself. Deleting everything leaves it, empty: closing it is a step of its own."""
    return _holding(
        label="attention_storefront.account",
        title=_("Account"),
        models=(get_user_model(),),
        rows=lambda user_id: get_user_model()._default_manager.filter(pk=user_id),
        export=lambda user: {
            "username": user.get_username(),
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "date_joined": user.date_joined,
            "last_login": user.last_login,
        },
        retention=_("Until you close the account."),
        erase=lambda rows: 0,
        kept_by_law=_("Nothing: it stays so that you can log in, until you close it."),
        correct="attention_storefront:profile",
    )


def _addresses() -> Holding:
    return _holding(
        label="attention_storefront.addresses",
        title=_("Last delivery address"),
        models=(Address,),
        rows=lambda user_id: Address.objects.filter(user_id=user_id),
        export=lambda address: {
            "name": address.full_name,
            "email": address.email,
            "street": address.street,
            "postal_code": address.postal_code,
            "city": address.city,
            "country": address.country,
        },
        retention=_("Until replaced by the next order's, or erased."),
        erase=_deleted,
    )


def _baskets() -> Holding:
    return _holding(
        label="attention_storefront.basket",
        title=_("Basket"),
        models=(Basket, BasketLine),
        rows=lambda user_id: Basket.objects.filter(user_id=user_id).prefetch_related(
            "lines__product"
        ),
        export=lambda basket: {
            "lines": [
                {"product": line.product.sku, "quantity": line.quantity}
                for line in basket.lines.all()
            ]
        },
        retention=_("Until ordered, emptied or erased."),
        erase=_deleted,
    )


def _favorites() -> Holding:
    return _holding(
        label="attention_storefront.favorites",
        title=_("Favorites"),
        models=(Favorite,),
        rows=lambda user_id: Favorite.objects.filter(user_id=user_id).select_related("product"),
        export=lambda favorite: {
            "product": favorite.product.sku,
            "since": favorite.created_at,
        },
        retention=_("Until removed or erased."),
        erase=_deleted,
    )


def _feedback() -> Iterable[Holding]:
    kinds: tuple[tuple[str, Promise, type[Any], Callable[[QuerySet[Any]], int]], ...] = (
        ("reviews", _("Reviews"), Review, _take_back),
        ("comments", _("Comments"), Comment, _deleted),
        ("complaints", _("Complaints"), Complaint, _deleted),
    )
    for name, title, model, erase in kinds:
        yield _holding(
            label=f"attention_storefront.{name}",
            title=title,
            models=(model,),
            rows=_written(model),
            export=_text,
            retention=_("Until erased."),
            erase=erase,
        )


def _written(model: type[Any]) -> Rows:
    return lambda user_id: model.objects.filter(user_id=user_id).select_related("product")


def _text(row: Any) -> dict[str, Any]:
    told = {"product": row.product.sku, "text": row.text, "at": row.written_at}
    return told | ({"stars": row.stars} if isinstance(row, Review) else {})

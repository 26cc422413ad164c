"""What was bought."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from attention_shop.storefront.catalog.models import Product

NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def make_number() -> str:
    """Return an order number a person can read out, such as ``FW-7K3M-92QX``."""
    drawn = "".join(secrets.choice(NUMBER_ALPHABET) for _place in range(8))
    return f"FW-{drawn[:4]}-{drawn[4:]}"


class OrderQuerySet(models.QuerySet["Order"]):
    """Orders, by whose they are."""

    def of_guest(self, *, site_id: int, mail: str) -> OrderQuerySet:
        """Those made on a site without an account, by the address in whatever case; none by ""."""
        if not mail:
            return self.none()
        guests = self.filter(site_id=site_id, user__isnull=True)
        return guests.alias(lower_email=Lower("email")).filter(lower_email=mail.lower())


class Order(models.Model):
    """One placed order. Amounts never change after it is placed.

    ``basket_token`` is the filling of the basket it was made from; it is unique, which makes a
    second press of the button harmless. ``user`` is empty for a guest and after erasure.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("number"), max_length=20, unique=True, default=make_number)
    basket_token = models.UUIDField(editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account"),
    )
    full_name = models.CharField(_("full name"), max_length=150, blank=True)
    email = models.EmailField(_("email"), blank=True)
    street = models.CharField(_("street and number"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=80, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    goods_micros = models.BigIntegerField(_("goods in micro-units"))
    shipping_micros = models.BigIntegerField(_("shipping in micro-units"))
    total_micros = models.BigIntegerField(_("total in micro-units"))
    placed_at = models.DateTimeField(_("placed at"))

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-placed_at"]
        constraints = [
            models.UniqueConstraint(fields=["site", "basket_token"], name="storefront_order_once"),
            models.CheckConstraint(
                condition=models.Q(
                    total_micros=models.F("goods_micros") + models.F("shipping_micros")
                ),
                name="storefront_order_total",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-placed_at"], name="storefront_order_history"),
            models.Index(fields=["site", "-placed_at"], name="storefront_order_recent"),
            models.Index(
                "site",
                Lower("email"),
                models.F("placed_at").desc(),
                condition=models.Q(user__isnull=True),
                name="storefront_order_guest",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("attention_storefront:order", kwargs={"order_id": self.pk})


class OrderLine(models.Model):
    """One product of an order, with its title and price as they were on that day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sku = models.CharField(_("SKU"), max_length=128)
    title = models.CharField(_("title"), max_length=400)
    quantity = models.PositiveIntegerField(_("quantity"))
    price_micros = models.BigIntegerField(_("unit price in micro-units"))
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sku"], name="storefront_order_line"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"

    @property
    def total_micros(self) -> int:
        """Price of the whole line."""
        return self.price_micros * self.quantity

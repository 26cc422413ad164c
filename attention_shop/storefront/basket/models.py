"""The basket of an account; a visitor's basket lives in the session instead."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _

from attention_shop.storefront.catalog.models import Product


class Basket(models.Model):
    """One account's basket in one shop.

    ``token`` names the present filling: an order takes it, and a new one is drawn, so the same
    filling can be ordered once only.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.UUIDField(default=uuid.uuid4, editable=False)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("basket")
        verbose_name_plural = _("baskets")
        constraints = [
            models.UniqueConstraint(fields=["site", "user"], name="storefront_basket_owner"),
        ]

    def __str__(self) -> str:
        return f"basket {self.pk}"


class BasketLine(models.Model):
    """One product in an account's basket."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("basket line")
        verbose_name_plural = _("basket lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["basket", "product"], name="storefront_basket_line"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product_id}"

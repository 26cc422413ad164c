"""What customers say of products: reviews, comments, complaints."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from attention_shop.storefront.catalog.models import Product


class Review(models.Model):
    """A buyer's stars, with words or without; one per buyer and product."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    stars = models.PositiveSmallIntegerField(
        _("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField(_("review"), blank=True)
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-written_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "user"], name="storefront_review_once"),
            models.CheckConstraint(
                condition=models.Q(stars__gte=1, stars__lte=5), name="storefront_review_stars"
            ),
        ]

    def __str__(self) -> str:
        return f"review {self.pk}"


class Comment(models.Model):
    """A question or remark of an account under a product."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="comments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(_("comment"))
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["-written_at", "-pk"]

    def __str__(self) -> str:
        return f"comment {self.pk}"


class Complaint(models.Model):
    """Something wrong with a product, told to the shop and shown to nobody else."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    text = models.TextField(_("what is wrong"))
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["-written_at", "-pk"]

    def __str__(self) -> str:
        return f"complaint {self.pk}"

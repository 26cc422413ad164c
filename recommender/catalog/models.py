"""The mirror of the host's catalog, and who sells in it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from recommender.catalog.querysets import ProductQuerySet, SiteQuerySet

__all__ = ["Category", "Merchant", "MerchantMember", "Product"]

KEY_LENGTH = 128


class Category(models.Model):
    """A category of the host.

    ``sensitive`` is what everything reads: true when the host or the operator flags this
    category or one above it. It is derived; ``catalog.sensitivity`` keeps it. ``was_compared``
    once the name was held against ``SENSITIVE_WORDS``: what the operator decides then stays.
    """

    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    host_key = models.CharField(_("key"), max_length=KEY_LENGTH)
    name = models.CharField(_("name"), max_length=255)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("parent"),
        null=True,
        blank=True,
        related_name="children",
    )
    is_flagged_by_host = models.BooleanField(_("flagged by the shop"), default=False)
    is_flagged_here = models.BooleanField(
        _("flagged here"),
        default=False,
        help_text=_(
            "Products of this category and of those below it never enter anybody's history, "
            "training, reasons, ads or mail. A new category is flagged when its name holds a word "
            "of the list; after that, synchronizing the catalog does not change this."
        ),
    )
    was_compared = models.BooleanField(
        _("compared with the word list"), default=False, editable=False
    )
    sensitive = models.BooleanField(_("sensitive"), default=False, editable=False)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["site", "host_key"], name="recommender_category_key"),
        ]

    def __str__(self) -> str:
        return self.name


class Merchant(models.Model):
    """A seller of a marketplace."""

    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    host_key = models.CharField(_("key"), max_length=KEY_LENGTH)
    name = models.CharField(_("name"), max_length=255)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["site", "host_key"], name="recommender_merchant_key"),
        ]

    def __str__(self) -> str:
        return self.name


class MerchantMember(models.Model):
    """An account that acts for a merchant."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MEMBER = "member", _("member")

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, verbose_name=_("merchant"), related_name="members"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("account"), related_name="+"
    )
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.MEMBER)

    class Meta:
        verbose_name = _("member of a merchant")
        verbose_name_plural = _("members of merchants")
        constraints = [
            models.UniqueConstraint(fields=["merchant", "user"], name="recommender_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id}: {self.role}"


class Product(models.Model):
    """A product, article or service of the host, as last told. Never deleted: retired.

    ``price_micros`` is the usual price; what a request pays is asked of the host at render.
    """

    class Kind(models.TextChoices):
        PRODUCT = "product", _("product")
        ARTICLE = "article", _("article")
        SERVICE = "service", _("service")

    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    host_key = models.CharField(_("key"), max_length=KEY_LENGTH)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PRODUCT)
    title = models.CharField(_("title"), max_length=512)
    text = models.TextField(_("text"), blank=True)
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        verbose_name=_("category"),
        null=True,
        blank=True,
        related_name="products",
    )
    brand = models.CharField(_("brand"), max_length=255, blank=True)
    price_micros = models.BigIntegerField(_("price"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    tags = models.JSONField(_("tags"), default=list, blank=True)
    rating = models.FloatField(
        _("rating"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(5.0)],
    )
    picture_url = models.CharField(_("picture"), max_length=1024, blank=True)
    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        verbose_name=_("merchant"),
        null=True,
        blank=True,
        related_name="products",
    )
    is_listed = models.BooleanField(_("listed"), default=True)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["title", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["site", "host_key"], name="recommender_product_key"),
        ]
        indexes = [
            # What changed since a served model looked, and what is newest: asked by slates.
            models.Index(fields=["site", "updated_at"], name="recommender_product_changed"),
            models.Index(fields=["site", "-created_at"], name="recommender_product_newest"),
        ]

    def __str__(self) -> str:
        return self.title

"""What the shop sells: departments, categories and products."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.sites.models import Site
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Category(models.Model):
    """A category; one without a parent is a department.

    ``key`` is the shop's own stable name for it, ``slug`` what its address shows.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(_("key"), max_length=128)
    slug = models.SlugField(_("slug"), max_length=140)
    name = models.CharField(_("name"), max_length=200)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    sensitive = models.BooleanField(
        _("sensitive"),
        default=False,
        help_text=_("Its products never enter anybody's history, recommendations or mail."),
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["site", "key"], name="storefront_category_key"),
            models.UniqueConstraint(fields=["site", "slug"], name="storefront_category_slug"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("attention_storefront:category", kwargs={"slug": self.slug})


class ProductQuerySet(models.QuerySet["Product"]):
    """The shop's words for sets of products."""

    def for_site(self, site: Site) -> ProductQuerySet:
        """Products of one shop."""
        return self.filter(site=site)

    def listed(self) -> ProductQuerySet:
        """Products shown to customers."""
        return self.filter(is_listed=True)

    def in_categories(self, category_ids: Collection[int]) -> ProductQuerySet:
        """Products filed under any of ``category_ids``."""
        return self.filter(category_id__in=category_ids)

    def matching(self, query: str) -> ProductQuerySet:
        """Products whose title, brand or category holds every word of ``query``."""
        found = self
        for word in query.split()[:8]:
            found = found.filter(
                Q(title__icontains=word)
                | Q(brand__icontains=word)
                | Q(category__name__icontains=word)
            )
        return found


class Product(models.Model):
    """Something on sale.

    ``source_rating`` came with the product; ``rating`` is what customers see: the source's
    rating joined with the reviews written here.
    """

    class Kind(models.TextChoices):
        """What sort of thing it is."""

        PRODUCT = "product", _("product")
        ARTICLE = "article", _("article")
        SERVICE = "service", _("service")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    sku = models.CharField(_("SKU"), max_length=128)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.PRODUCT)
    title = models.CharField(_("title"), max_length=400)
    text = models.TextField(_("description"), blank=True)
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("category"),
    )
    brand = models.CharField(_("brand"), max_length=200, blank=True)
    price_micros = models.BigIntegerField(_("price in micro-units"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    tags = models.JSONField(_("tags"), default=list, blank=True)
    source_rating = models.FloatField(_("source rating"), null=True, blank=True)
    rating = models.FloatField(_("rating"), null=True, blank=True, editable=False)
    review_count = models.PositiveIntegerField(_("reviews"), default=0, editable=False)
    picture_url = models.CharField(_("picture"), max_length=500, blank=True)
    merchant_key = models.CharField(_("merchant"), max_length=128, blank=True)
    stock = models.PositiveIntegerField(
        _("stock"), null=True, blank=True, help_text=_("Empty means it is not counted.")
    )
    units_sold = models.PositiveIntegerField(_("units sold"), default=0, editable=False)
    is_listed = models.BooleanField(_("listed"), default=True)
    created_at = models.DateTimeField(_("on sale since"))
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["site", "sku"], name="storefront_product_sku"),
            models.CheckConstraint(
                condition=Q(price_micros__isnull=True) | Q(price_micros__gte=0),
                name="storefront_product_price",
            ),
        ]
        indexes = [
            models.Index(fields=["site", "is_listed", "category"], name="storefront_product_shelf"),
            models.Index(
                fields=["site", "is_listed", "-created_at"], name="storefront_product_new"
            ),
            models.Index(
                fields=["site", "is_listed", "-units_sold"], name="storefront_product_top"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("attention_storefront:product", kwargs={"sku": self.sku})

    @property
    def key(self) -> str:
        """The name this product has in the recommender."""
        return self.sku

    @property
    def is_available(self) -> bool:
        """Listed, priced and in stock."""
        return self.is_listed and self.price_micros is not None and self.stock != 0

"""Placements, best sellers and the counts of what was served."""

from __future__ import annotations

from django.contrib.sites.models import Site
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from recommender.catalog.models import Product

__all__ = ["Bestseller", "Fallback", "Placement", "Recipe", "SeenRule", "SlateCount"]

MAX_SIZE = 48


class Recipe(models.TextChoices):
    """Where a placement's candidates come from."""

    FOR_YOU = "for_you", _("for this visitor: own history; without one, what is popular")
    RELATED = "related", _("goes with the page's product")
    BASKET = "basket", _("goes with what is in the basket")
    CATEGORY = "category", _("for this visitor, inside the page's category")
    POPULAR = "popular", _("what is popular, the same for everybody")


class Fallback(models.TextChoices):
    """What answers when the model cannot."""

    POPULAR = "popular", _("best sellers, then the newest products")
    NEWEST = "newest", _("the newest products")
    NOTHING = "nothing", _("nothing: the placement stays away")


class SeenRule(models.TextChoices):
    """Whether products of the visitor's own history may appear."""

    MODEL = "model", _("as the model measured: shown where people come back for the same")
    DROP = "drop", _("never")


class Placement(models.Model):
    """A named place on a page where a slate is shown."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    name = models.SlugField(max_length=40, help_text=_("The name a template's tag uses."))
    title = models.CharField(
        max_length=120,
        blank=True,
        help_text=_("Heading above the slate. Empty: one that says what the slate is."),
    )
    size = models.PositiveSmallIntegerField(
        default=8, validators=[MinValueValidator(1), MaxValueValidator(MAX_SIZE)]
    )
    recipe = models.CharField(max_length=16, choices=Recipe, default=Recipe.FOR_YOU)
    fallback = models.CharField(max_length=16, choices=Fallback, default=Fallback.POPULAR)
    seen = models.CharField(
        _("products seen before"), max_length=8, choices=SeenRule, default=SeenRule.MODEL
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["site", "name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="attention_placement_name"),
            models.CheckConstraint(
                condition=models.Q(size__gte=1, size__lte=MAX_SIZE),
                name="attention_placement_size",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Bestseller(models.Model):
    """Units of one product sold in the last days, as the host tells them: of no person."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveIntegerField(help_text=_("1 is the best sold."))
    units = models.PositiveIntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("best seller")
        verbose_name_plural = _("best sellers")
        ordering = ["site", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["site", "rank"], name="attention_bestseller_rank")
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.product_id}"


class SlateCount(models.Model):
    """How many slates an hour were answered how; and what was lost, by cause."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()
    placement = models.CharField(max_length=40)
    mode = models.CharField(max_length=12)
    rung = models.CharField(max_length=12)
    cause = models.CharField(
        max_length=60, blank=True, help_text=_("Why no better rung answered; empty if none should.")
    )
    slates = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("slate count")
        verbose_name_plural = _("slate counts")
        ordering = ["-hour", "placement"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "hour", "placement", "mode", "rung", "cause"],
                name="attention_slate_count",
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.placement} {self.rung}"

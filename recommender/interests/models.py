"""What a person said about an interest the shop learned of them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from consent.models import Shopper
from recommender.catalog.models import Category

__all__ = ["InterestChoice", "State"]

LEAST_WEIGHT = 0.5
MOST_WEIGHT = 2.0


class State(models.TextChoices):
    """Whether the events of a category count."""

    USED = "used", _("used")
    PAUSED = "paused", _("paused")
    REMOVED = "removed", _("removed")


class InterestChoice(models.Model):
    """One person's correction of one category; without a row a category counts as it is.

    ``category`` is empty for products that have none. While ``state`` is paused, the events of
    the category neither rank nor train; while it is removed, none are held or taken in either.
    ``weight`` multiplies the scores of its products on slates ranked for the person.
    """

    shopper = models.ForeignKey(
        Shopper, models.CASCADE, verbose_name=_("shopper"), related_name="+", db_index=False
    )
    category = models.ForeignKey(
        Category, models.CASCADE, verbose_name=_("category"), null=True, related_name="+"
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.USED)
    weight = models.FloatField(_("weight"), default=1.0)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("correction of an interest")
        verbose_name_plural = _("corrections of interests")
        constraints = [
            # Histories and training look a product's category up by this very expression.
            models.UniqueConstraint(
                models.F("shopper"), Coalesce("category", 0), name="recommender_interest_once"
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=LEAST_WEIGHT, weight__lte=MOST_WEIGHT),
                name="recommender_interest_weight",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="recommender_interest_state"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="recommender_interest_removed",
                condition=models.Q(state=State.REMOVED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category_id or '-'}: {self.state} {self.weight:g}"

    @property
    def severity(self) -> int:
        """How far the choice goes: 0 used, 1 paused, 2 removed."""
        return State.values.index(self.state)

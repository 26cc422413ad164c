"""The deletions that were asked for: due until they are finished."""

from __future__ import annotations

from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def for_site(self, site: Site | int) -> ErasureQuerySet:
        return self.filter(site=site)

    def due(self) -> ErasureQuerySet:
        """Return those not finished, oldest first."""
        return self.filter(finished_at__isnull=True).order_by("requested_at")


class Erasure(models.Model):
    """What must be deleted of one shopper: the holdings of ``purposes``.

    Written in the transaction that withdraws, so that a lost task or a killed process leaves it
    due. ``shopper`` becomes empty when the shopper itself is deleted.
    """

    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    shopper = models.ForeignKey(
        "attention_consent.Shopper",
        models.SET_NULL,
        verbose_name=_("shopper"),
        null=True,
        blank=True,
        related_name="+",
    )
    purposes = models.BigIntegerField(_("purposes"))
    requested_at = models.DateTimeField(_("requested at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    rows = models.PositiveBigIntegerField(_("rows deleted"), default=0)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        indexes = [
            models.Index(
                fields=["requested_at"],
                name="consent_erasure_due",
                condition=models.Q(finished_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requested_at:%Y-%m-%d %H:%M}"

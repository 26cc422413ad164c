"""The deletions that were asked for: due until they are finished."""

from __future__ import annotations

import uuid

from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def for_site(self, site: Site | int) -> ErasureQuerySet:
        return self.filter(site=site)

    def due(self) -> ErasureQuerySet:
        """Return those not finished, oldest first."""
        return self.filter(finished_at__isnull=True).order_by("requested_at")

    def ready(self) -> ErasureQuerySet:
        """Return those due that can go on now: none whose heir lets everything rest."""
        return self.due().exclude(heir__state__purposes=0, heir__state__suspended__gt=0)


class Erasure(models.Model):
    """What must be deleted of one shopper: the holdings of ``purposes``.

    Written in the transaction that withdraws, so that a lost task or a killed process leaves it
    due. ``shopper`` becomes empty when the shopper itself is deleted.

    With an ``heir``, what can be moved goes to that shopper first, as far as ``heir_purposes``
    allow and until the heir withdraws.

    ``counts`` says for each holding how many rows there were before and after, ``decision`` is
    the ledger row that asked for it, and ``proof`` the random id under which the person finds the
    signed `Proof` once it is finished.
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
    heir = models.ForeignKey(
        "attention_consent.Shopper",
        models.SET_NULL,
        verbose_name=_("heir"),
        null=True,
        blank=True,
        related_name="+",
    )
    heir_purposes = models.BigIntegerField(_("purposes both allowed"), default=0)
    rows_moved = models.PositiveBigIntegerField(_("rows moved"), default=0)
    decision = models.PositiveBigIntegerField(_("decision"), null=True, blank=True)
    counts = models.JSONField(_("counts"), default=list, blank=True)
    proof = models.UUIDField(
        _("proof"), default=uuid.uuid4, null=True, editable=False, db_index=True
    )

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


class Proof(models.Model):
    """The signed account of a finished deletion, without personal data.

    ``document`` is exactly what was signed, ``signature`` in standard base64. The id is random
    and told to the person alone.
    """

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    document = models.TextField(_("document"))
    kid = models.CharField(_("master key"), max_length=16)
    algorithm = models.CharField(_("algorithm"), max_length=16)
    signature = models.CharField(_("signature"), max_length=128)
    created_at = models.DateTimeField(_("created at"), db_index=True)

    class Meta:
        verbose_name = _("proof of a deletion")
        verbose_name_plural = _("proofs of deletions")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

"""The rows of the decision ledger, and the last link of each site's chain."""

from __future__ import annotations

from typing import Any

from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.purposes import Purpose


class Kind(models.TextChoices):
    """What was decided. Stored and hashed: a value is never renamed."""

    GRANTED = "granted", _("granted")
    CHANGED = "changed", _("changed")
    WITHDRAWN = "withdrawn", _("withdrawn")
    ERASED = "erased", _("erased")
    LINKED = "linked", _("linked to an account")
    IMPORTED = "imported", _("imported")


class DecisionQuerySet(models.QuerySet["Decision"]):
    def for_site(self, site: Site | int) -> DecisionQuerySet:
        return self.filter(site_id=site if isinstance(site, int) else site.pk)


class Decision(models.Model):
    """One decision, chained to the one before it on the same site.

    Holds no foreign key and no raw key: ``subject`` is a keyed HMAC of the shopper's key, made
    with the master key ``kid``, so a person who is erased can no longer be found here while the
    chain still verifies. ``purposes`` are those in force after the decision. The hashed form of
    a row is defined by ``consent.ledger.entry``.
    """

    format = models.PositiveSmallIntegerField(_("format"))
    site_id = models.PositiveIntegerField(_("site"))
    sequence = models.PositiveBigIntegerField(_("sequence"))
    previous_hash = models.CharField(_("previous hash"), max_length=64)
    kid = models.CharField(_("master key"), max_length=16)
    subject = models.CharField(_("subject"), max_length=64, db_index=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    purposes = models.CharField(_("purposes"), max_length=400, blank=True)
    generation = models.PositiveIntegerField(_("generation"))
    policy = models.CharField(_("policy hash"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    source = models.CharField(_("source"), max_length=32)
    gpc = models.BooleanField(_("Global Privacy Control"), default=False)
    actor = models.CharField(_("actor"), max_length=64)
    details = models.JSONField(_("details"), default=dict, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    hash = models.CharField(_("hash"), max_length=64)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["site_id", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["site_id", "sequence"], name="consent_decision_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id}/{self.sequence} {self.kind}"

    @property
    def allowed(self) -> list[Any]:
        """The titles of ``purposes``, for a person to read; a name not known any more as it is."""
        known = {str(purpose): purpose.title for purpose in Purpose}
        return [known.get(name, name) for name in self.purposes.split()]


class LedgerHead(models.Model):
    """The last link of a site's chain. Locked last in every transaction that decides."""

    site = models.OneToOneField(
        Site, models.PROTECT, primary_key=True, verbose_name=_("site"), related_name="+"
    )
    sequence = models.PositiveBigIntegerField(_("sequence"), default=0)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("ledger head")
        verbose_name_plural = _("ledger heads")

    def __str__(self) -> str:
        return f"{self.site_id}/{self.sequence}"

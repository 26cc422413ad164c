"""The rows that say which member of staff opened whose data, and why."""

from __future__ import annotations

from typing import Any

from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.chains.chain import FIRST_HASH


class AccessQuerySet(models.QuerySet["Access"]):
    def for_site(self, site: Site | int) -> AccessQuerySet:
        return self.filter(site_id=site if isinstance(site, int) else site.pk)


class Access(models.Model):
    """One look of a member of staff at the data of one person, chained to the look before it.

    Holds no foreign key and no raw key: ``subject`` is a keyed HMAC of the shopper's key, made
    with the master key ``kid``, so the person finds who looked, and nothing leads from the row
    to them once they are erased. ``staff`` is the primary key of the member's account, ``role``
    what they were then. ``fields`` are the labels of the holdings that were opened.
    """

    format = models.PositiveSmallIntegerField(_("format"))
    site_id = models.PositiveIntegerField(_("site"))
    sequence = models.PositiveBigIntegerField(_("sequence"))
    previous_hash = models.CharField(_("previous hash"), max_length=64)
    kid = models.CharField(_("master key"), max_length=16)
    subject = models.CharField(_("subject"), max_length=64, db_index=True)
    staff = models.CharField(_("staff"), max_length=64, db_index=True)
    role = models.CharField(_("role"), max_length=150)
    fields = models.JSONField(_("opened"), default=list)
    reason = models.CharField(_("reason"), max_length=300)
    accessed_at = models.DateTimeField(_("time"), db_index=True)
    hash = models.CharField(_("hash"), max_length=64)

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("access to personal data")
        verbose_name_plural = _("accesses to personal data")
        ordering = ["site_id", "-sequence"]
        permissions = [("view_personal_data", _("Can open personal data, giving a reason"))]
        constraints = [
            models.UniqueConstraint(fields=["site_id", "sequence"], name="consent_access_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id}/{self.sequence}"


class AccessHead(models.Model):
    """Both ends of a site's chain of accesses. Locked last in every transaction that writes one.

    ``kept_after`` and ``kept_after_hash`` are the link in front of the oldest row that is kept:
    retention moves them on before it deletes, so the rest still verifies.
    """

    site = models.OneToOneField(
        Site, models.PROTECT, primary_key=True, verbose_name=_("site"), related_name="+"
    )
    sequence = models.PositiveBigIntegerField(_("sequence"), default=0)
    hash = models.CharField(_("hash"), max_length=64, default=FIRST_HASH)
    kept_after = models.PositiveBigIntegerField(_("deleted up to"), default=0)
    kept_after_hash = models.CharField(_("hash deleted last"), max_length=64, default=FIRST_HASH)

    class Meta:
        verbose_name = _("head of the accesses")
        verbose_name_plural = _("heads of the accesses")

    def __str__(self) -> str:
        return f"{self.site_id}/{self.sequence}"


def labels_of(value: Any) -> list[str]:
    """Return ``fields`` as a list of labels, whatever an edited row holds."""
    return [str(label) for label in value] if isinstance(value, list) else []

"""What was imported, and how far: sources and runs, no person."""

from __future__ import annotations

from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["ImportRun", "ImportSource"]


class ImportSource(models.Model):
    """A source of a site, and what must stay the same whenever it is read again.

    People of the source become shoppers whose keys are derived from a master key and the source's
    own names, so importing again meets the same shoppers without a table of who is who.
    """

    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    name = models.CharField(_("name"), max_length=64)
    kid = models.CharField(
        _("master key"),
        max_length=16,
        help_text=_("Names the master key that the shoppers' keys are derived with."),
    )
    shift_days = models.IntegerField(
        _("shift"),
        null=True,
        blank=True,
        help_text=_("Days added to every time of the source; empty where its own times are kept."),
    )
    created_at = models.DateTimeField(_("first imported"), auto_now_add=True)

    class Meta:
        verbose_name = _("import source")
        verbose_name_plural = _("import sources")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="recommender_import_source"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """One state of a source, and how far it has been read; a killed import goes on from here."""

    source = models.ForeignKey(
        ImportSource, models.CASCADE, verbose_name=_("source"), related_name="runs"
    )
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    position = models.PositiveBigIntegerField(
        _("position"), default=0, help_text=_("Events of the source that are done.")
    )
    report = models.JSONField(_("report"), default=dict, blank=True)
    legal_basis = models.CharField(_("legal basis"), max_length=200, blank=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last progress"), auto_now=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("import run")
        verbose_name_plural = _("import runs")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "fingerprint"], name="recommender_import_run"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.fingerprint[:8]}"

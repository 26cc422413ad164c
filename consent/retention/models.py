"""What retention deleted, day by day: numbers for the admin, nothing of the people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RetentionRun(models.Model):
    """How much one rule deleted on one day (UTC), over all its runs of that day.

    ``error`` names the kind of error that ended the last run; empty when it came to its end.
    """

    label = models.CharField(_("rule"), max_length=80)
    day = models.DateField(_("day"))
    runs = models.PositiveIntegerField(_("runs"), default=0)
    rows = models.PositiveBigIntegerField(_("rows deleted"), default=0)
    last_run_at = models.DateTimeField(_("last run"))
    error = models.CharField(_("error"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retention")
        ordering = ["-day", "label"]
        constraints = [
            models.UniqueConstraint(fields=["label", "day"], name="consent_retentionrun"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.label}"

"""The texts people decided on: one immutable row per version and language."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class ImmutablePolicy(TypeError):  # noqa: N818
    """A published policy version cannot be changed or deleted."""


class PolicyQuerySet(models.QuerySet["PolicyVersion"]):
    """Reads and adds; nothing here changes a published row."""

    def for_site(self, site: Site | int) -> PolicyQuerySet:
        return self.filter(site=site)

    def update(self, **kwargs: Any) -> NoReturn:
        raise ImmutablePolicy("A published policy version cannot be changed.")

    def delete(self) -> NoReturn:
        raise ImmutablePolicy("A published policy version cannot be deleted.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutablePolicy("A published policy version cannot be changed.")


class PolicyVersion(models.Model):
    """What was shown in one language. ``hash`` covers every text and the purposes of Accept."""

    site = models.ForeignKey(Site, models.PROTECT, verbose_name=_("site"), related_name="+")
    number = models.PositiveIntegerField(_("number"))
    language = models.CharField(_("language"), max_length=16)
    title = models.CharField(_("title"), max_length=200)
    notice = models.TextField(_("notice"), help_text=_("The sentence of the banner."))
    body = models.TextField(_("text"))
    purposes = models.BigIntegerField(_("purposes granted by Accept"))
    is_material = models.BooleanField(_("material change"), default=False)
    hash = models.CharField(_("hash"), max_length=64, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering = ["site", "-number", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "number", "language"], name="consent_policy_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.language})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ImmutablePolicy("A published policy version cannot be changed.")
        self.hash = self.content_hash()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmutablePolicy("A published policy version cannot be deleted.")

    def content(self) -> Mapping[str, Any]:
        """Return what the hash covers."""
        return {
            "format": 1,
            "site": self.site_id,
            "number": self.number,
            "language": self.language,
            "title": self.title,
            "notice": self.notice,
            "body": self.body,
            "purposes": self.purposes,
            "is_material": self.is_material,
        }

    def content_hash(self) -> str:
        text = json.dumps(self.content(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def clean(self) -> None:
        if not self._state.adding:
            raise ValidationError(_("A published policy version cannot be changed."))

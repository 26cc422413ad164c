"""Querysets of the mirror that speak the shop's language."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.contrib.sites.models import Site
from django.db import models
from django.db.models import Q


class SiteQuerySet(models.QuerySet[Any]):
    """Rows of one site."""

    def for_site(self, site: Site | int) -> Self:
        """Return the rows of ``site``."""
        return self.filter(site=site)

    def for_keys(self, keys: Collection[str]) -> Self:
        """Return the rows the host calls by ``keys``."""
        return self.filter(host_key__in=keys)


class ProductQuerySet(SiteQuerySet):
    """Products of the mirror."""

    def listed(self) -> Self:
        """Return those the shop shows at all."""
        return self.filter(is_listed=True)

    def live(self) -> Self:
        """Return those that may be recommended: listed, and of no sensitive category."""
        return self.listed().filter(Q(category=None) | Q(category__sensitive=False))

    def sensitive(self) -> Self:
        """Return those that must never enter history, training, reasons, ads or mail."""
        return self.filter(category__sensitive=True)

"""Publish policy versions."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.sites.models import Site
from django.db import IntegrityError, models, transaction

from consent.conf import consent_settings
from consent.policies.models import PolicyVersion
from consent.purposes import BANNER_PURPOSES, to_mask


@transaction.atomic
def publish_policy(
    *, site: Site, texts: Mapping[str, Mapping[str, str]], is_material: bool = False
) -> list[PolicyVersion]:
    """Publish the next version, one row per language of ``texts``.

    Each text needs ``title``, ``notice`` and ``body``; a missing one raises ``KeyError``.
    """
    last = PolicyVersion.objects.for_site(site).aggregate(last=models.Max("number"))["last"] or 0
    return [
        PolicyVersion.objects.create(
            site=site,
            number=last + 1,
            language=language,
            title=text["title"],
            notice=text["notice"],
            body=text["body"],
            purposes=to_mask(BANNER_PURPOSES),
            is_material=is_material,
        )
        for language, text in texts.items()
    ]


def ensure_policy(*, site: Site) -> None:
    """Publish the texts of the settings as the first version, unless a version exists."""
    if PolicyVersion.objects.for_site(site).exists():
        return
    try:
        publish_policy(site=site, texts=consent_settings.POLICY)
    except IntegrityError:
        if not PolicyVersion.objects.for_site(site).exists():
            raise

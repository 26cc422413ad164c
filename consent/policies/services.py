"""Publish policy versions."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.sites.models import Site
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from consent.conf import consent_settings
from consent.policies.fence import hold_publication
from consent.policies.models import PolicyVersion
from consent.policies.suspension import suspend_everybody
from consent.purposes import BANNER_PURPOSES, to_mask

FIELDS = ("title", "notice", "body")


class PolicyUnchanged(ValueError):  # noqa: N818
    """The next version would say what the last one says."""


@transaction.atomic
def publish_policy(
    *, site: Site, texts: Mapping[str, Mapping[str, str]], is_material: bool = False
) -> list[PolicyVersion]:
    """Publish the next version, one row per language of ``texts``.

    Each text needs ``title``, ``notice`` and ``body``; a missing one raises ``KeyError``. From the
    commit of a material version on, no permission given on an earlier one is in force until the
    person decides again. Another version only brings a notice. Raises ``PolicyUnchanged`` when
    every text is the last one's, unless people are to be asked again for it.
    """
    hold_publication(site_id=site.pk)
    last = PolicyVersion.objects.for_site(site).aggregate(last=models.Max("number"))["last"] or 0
    if last and not is_material and _texts_of(site, last) == _plain(texts):
        raise PolicyUnchanged("The texts are those of the last version.")
    versions = [
        PolicyVersion.objects.create(
            site=site,
            number=last + 1,
            language=language,
            **text,
            purposes=to_mask(BANNER_PURPOSES),
            is_material=is_material,
        )
        for language, text in _plain(texts).items()
    ]
    if is_material:
        suspend_everybody(site_id=site.pk, moment=timezone.now())
    return versions


def ensure_policy(*, site: Site) -> None:
    """Publish the texts of the settings as the first version, unless a version exists."""
    if PolicyVersion.objects.for_site(site).exists():
        return
    try:
        publish_policy(site=site, texts=consent_settings.POLICY)
    except IntegrityError:
        if not PolicyVersion.objects.for_site(site).exists():
            raise


def _plain(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {language: {field: text[field] for field in FIELDS} for language, text in texts.items()}


def _texts_of(site: Site, number: int) -> dict[str, dict[str, str]]:
    versions = PolicyVersion.objects.for_site(site).filter(number=number)
    return {
        version.language: {field: getattr(version, field) for field in FIELDS}
        for version in versions
    }

"""Find the policy version to show, and the one a person decides on."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from django.contrib.sites.models import Site
from django.core.signals import setting_changed
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import get_language

from consent.conf import consent_settings
from consent.policies.models import PolicyVersion
from consent.policies.services import ensure_policy
from consent.savepoints import host_transaction_kept


class Notice(NamedTuple):
    """The current texts in one language, as a process keeps them for a minute."""

    number: int
    language: str
    title: str
    notice: str
    body: str


_notices: dict[tuple[int, str], tuple[float, Notice]] = {}


def current_policy(*, site_id: int, language: str | None = None) -> PolicyVersion:
    """Return the newest version in ``language`` (default: the active one), read afresh.

    A language without a text falls back to its base ("de-at" to "de"), then to English, then to
    the first one published. A site without a version gets the settings' texts as its first.
    """
    versions = _newest(site_id)
    if not versions:
        ensure_policy(site=Site.objects.get(pk=site_id))
        versions = _newest(site_id)
    wanted = (language or get_language() or "en").lower()
    by_language = {version.language.lower(): version for version in versions}
    for candidate in (wanted, wanted.split("-")[0], "en"):
        if candidate in by_language:
            return by_language[candidate]
    return versions[0]


def current_notice(*, site_id: int) -> Notice:
    """Return the texts to show now, at most ``POLICY_CACHE_SECONDS`` old, without a query."""
    key = (site_id, get_language() or "en")
    kept = _notices.get(key)
    now = time.monotonic()
    if kept is not None and kept[0] > now:
        return kept[1]
    with host_transaction_kept(PolicyVersion):
        version = current_policy(site_id=site_id)
    notice = Notice(version.number, version.language, version.title, version.notice, version.body)
    _notices[key] = (now + consent_settings.POLICY_CACHE_SECONDS, notice)
    return notice


def _newest(site_id: int) -> list[PolicyVersion]:
    versions = PolicyVersion.objects.for_site(site_id).order_by("-number", "pk")
    newest = list(versions[:50])
    return [version for version in newest if version.number == newest[0].number]


@receiver(post_save, sender=PolicyVersion)
@receiver(setting_changed)
def _forget_notices(**kwargs: Any) -> None:
    _notices.clear()

"""Find the policy version to show, and the one a person decides on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from datetime import datetime
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

_SHOWN = re.compile(r"([1-9][0-9]{0,8})-([A-Za-z0-9-]{1,16})")


class Notice(NamedTuple):
    """The current texts in one language, as a process keeps them for a minute.

    ``first_id`` is the smallest key of the version: a decision on a smaller one is older.
    ``required`` is the number of the last material version, published at ``required_at``:
    decisions on older ones no longer count.
    """

    number: int
    language: str
    title: str
    notice: str
    body: str
    first_id: int
    required: int
    required_at: datetime | None

    @property
    def shown(self) -> str:
        """What a form says it showed; `shown_policy` reads it."""
        return f"{self.number}-{self.language}"


_notices: dict[tuple[int, str], tuple[float, Notice]] = {}


def current_policy(*, site_id: int, language: str | None = None) -> PolicyVersion:
    """Return the newest version in ``language`` (default: the active one), read afresh.

    A language without a text falls back to its base ("de-at" to "de"), then to English, then to
    the first one published. A site without a version gets the settings' texts as its first.
    """
    return _in_language(_newest(site_id), language)


def shown_policy(*, site_id: int, shown: str) -> PolicyVersion | None:
    """Return the version a form says it showed, or None when there is no such version."""
    match = _SHOWN.fullmatch(shown)
    if match is None:
        return None
    versions = PolicyVersion.objects.for_site(site_id)
    return versions.filter(number=int(match[1]), language=match[2]).first()


def current_notice(*, site_id: int) -> Notice:
    """Return the texts to show now, at most ``POLICY_CACHE_SECONDS`` old, without a query."""
    kept = _notices.get((site_id, get_language() or "en"))
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    return fresh_notice(site_id=site_id)


def fresh_notice(*, site_id: int) -> Notice:
    """Return the texts to show now, read afresh."""
    with host_transaction_kept(PolicyVersion):
        versions = _newest(site_id)
        material = PolicyVersion.objects.for_site(site_id).filter(is_material=True)
        required = material.order_by("-number", "pk").first()
    version = _in_language(versions)
    notice = Notice(
        version.number,
        version.language,
        version.title,
        version.notice,
        version.body,
        min(each.pk for each in versions),
        required.number if required else 0,
        required.created_at if required else None,
    )
    until = time.monotonic() + consent_settings.POLICY_CACHE_SECONDS
    _notices[(site_id, get_language() or "en")] = (until, notice)
    return notice


def version_of(*, site_id: int, number: int) -> PolicyVersion | None:
    """Return one version in the language that suits the active one best, or None."""
    versions = PolicyVersion.objects.for_site(site_id).filter(number=number).order_by("pk")
    found = list(versions)
    return _in_language(found) if found else None


def version_before(version: PolicyVersion) -> PolicyVersion | None:
    """Return the last version in the same language before ``version``, or None."""
    versions = PolicyVersion.objects.for_site(version.site_id).filter(
        language=version.language, number__lt=version.number
    )
    return versions.order_by("-number").first()


def all_versions(*, site_id: int) -> list[PolicyVersion]:
    """Return every version, newest first, each in the language that suits best."""
    by_number: dict[int, list[PolicyVersion]] = {}
    for version in PolicyVersion.objects.for_site(site_id).order_by("-number", "pk"):
        by_number.setdefault(version.number, []).append(version)
    return [_in_language(versions) for versions in by_number.values()]


def _newest(site_id: int) -> list[PolicyVersion]:
    versions = _of_last_number(site_id)
    if not versions:
        ensure_policy(site=Site.objects.get(pk=site_id))
        versions = _of_last_number(site_id)
    return versions


def _of_last_number(site_id: int) -> list[PolicyVersion]:
    versions = PolicyVersion.objects.for_site(site_id).order_by("-number", "pk")
    newest = list(versions[:50])
    return [version for version in newest if version.number == newest[0].number]


def _in_language(versions: Iterable[PolicyVersion], language: str | None = None) -> PolicyVersion:
    found = list(versions)
    wanted = (language or get_language() or "en").lower()
    by_language = {version.language.lower(): version for version in found}
    for candidate in (wanted, wanted.split("-")[0], "en"):
        if candidate in by_language:
            return by_language[candidate]
    return found[0]


@receiver(post_save, sender=PolicyVersion)
@receiver(setting_changed)
def _forget_notices(**kwargs: Any) -> None:
    _notices.clear()

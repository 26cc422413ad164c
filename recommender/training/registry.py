"""Versions: registered, promoted by one flip of the pointer, rolled back the same way, cleared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.sites.models import Site
from django.db import transaction
from django.utils import timezone

from recommender.conf import recommender_settings
from recommender.serving.folder import content_hash
from recommender.training.gates import Verdict
from recommender.training.lineage import HARD_STOP, clear_lessons, deadline_of
from recommender.training.models import (
    GateResult,
    Lesson,
    ModelVersion,
    TrainingRun,
    VersionState,
)
from recommender.training.storage import discard, store


class NotPromotable(Exception):  # noqa: N818  named for what it says
    """The version failed a gate or its folder is gone."""


def register(
    *,
    run: TrainingRun,
    folder: Path,
    cut: datetime,
    card: Mapping[str, Any],
    verdicts: Iterable[Verdict],
) -> ModelVersion:
    """Store ``folder`` and record its version with every gate's verdict; safe to repeat."""
    verdicts = list(verdicts)
    version, _ = ModelVersion.objects.get_or_create(
        site_id=run.site_id,
        version=content_hash(folder),
        defaults={
            "run": run,
            "cut": cut,
            "card": dict(card),
            "lesson": Lesson.objects.filter(run=run).first(),
        },
    )
    store(folder=folder, version=version)
    with transaction.atomic():
        for verdict in verdicts:
            GateResult.objects.update_or_create(
                version=version,
                name=verdict.name,
                defaults={
                    "value": verdict.value,
                    "limit": verdict.limit,
                    "passed": verdict.passed,
                    "message": verdict.message,
                },
            )
        if version.state == VersionState.CANDIDATE and not all(v.passed for v in verdicts):
            version.state = VersionState.REFUSED
            version.save(update_fields=["state"])
    return version


def promote(*, version: ModelVersion) -> None:
    """Make ``version`` the one that answers; the one before it retires.

    Raises:
        NotPromotable: a gate failed, or none was judged.
    """
    with transaction.atomic():
        rows = ModelVersion.objects.select_for_update().filter(site_id=version.site_id)
        current = {row.pk: row for row in rows.order_by("pk")}.get(version.pk)
        if current is None or current.state == VersionState.WITHDRAWN:
            raise NotPromotable(f"Version {version} was taken down.")
        if current.cut < timezone.now() - HARD_STOP:
            raise NotPromotable(f"Version {version} is older than {HARD_STOP.days} days.")
        if _is_past(current):
            raise NotPromotable(f"Version {version} learned from somebody who withdrew long ago.")
        gates = list(current.gates.all())
        if not gates or not all(gate.passed for gate in gates):
            failed = ", ".join(gate.name for gate in gates if not gate.passed) or "none judged"
            raise NotPromotable(f"Version {current} may not answer: gates {failed}.")
        rows.filter(state=VersionState.LIVE).exclude(pk=current.pk).update(
            state=VersionState.RETIRED
        )
        current.state = VersionState.LIVE
        current.promoted_at = timezone.now()
        current.save(update_fields=["state", "promoted_at"])
    version.refresh_from_db()


def roll_back(*, site: Site) -> ModelVersion:
    """Promote the version that answered before the live one.

    Raises:
        NotPromotable: there is none.
    """
    retired = ModelVersion.objects.filter(site=site, state=VersionState.RETIRED)
    live = ModelVersion.objects.filter(site=site, state=VersionState.LIVE).first()
    if live is not None:
        retired = retired.filter(created_at__lt=live.created_at)
    earlier = retired.order_by("-created_at").first()
    if earlier is None:
        raise NotPromotable("No earlier version is kept.")
    promote(version=earlier)
    return earlier


def clear_old(*, site: Site) -> int:
    """Delete versions beyond ``KEEP_VERSIONS`` that once answered, and as many that never did.

    The live one always stays, and refused ones never push out what roll-back needs.
    """
    rows = ModelVersion.objects.filter(site=site).order_by("-created_at")
    answered = rows.filter(state=VersionState.RETIRED)
    never = rows.exclude(state__in=(VersionState.RETIRED, VersionState.LIVE))
    keep = recommender_settings.KEEP_VERSIONS
    stale = [*answered[keep:], *never[keep:]]
    removed = sum(_remove(version) for version in stale)
    clear_lessons(site=site)
    return removed


def take_down_expired(*, site: Site, learnable: bool) -> int:
    """Take down versions that may not be served any longer; return how many.

    Those are versions whose cut, or the first withdrawal in their lineage, is older than
    `HARD_STOP`, and every version when nobody permits training (``learnable`` is False): what
    they learned was withdrawn with the people.
    """
    rows = ModelVersion.objects.filter(site=site).exclude(state=VersionState.WITHDRAWN)
    oldest = timezone.now() - HARD_STOP
    expired = [
        version
        for version in rows.select_related("lesson")
        if not learnable or version.cut < oldest or _is_past(version)
    ]
    for version in expired:
        ModelVersion.objects.filter(pk=version.pk).update(state=VersionState.WITHDRAWN)
        discard(version=version)
    return len(expired)


def _is_past(version: ModelVersion) -> bool:
    deadline = deadline_of(version)
    return deadline is not None and deadline <= timezone.now()


def _remove(version: ModelVersion) -> bool:
    """Delete a version's row and folder unless it went live meanwhile."""
    with transaction.atomic():
        rows = ModelVersion.objects.select_for_update().filter(pk=version.pk)
        current = rows.first()
        if current is None or current.state == VersionState.LIVE:
            return False
        current.delete()
    discard(version=version)
    return True

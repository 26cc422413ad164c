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
from recommender.training.models import GateResult, ModelVersion, TrainingRun, VersionState
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
        defaults={"run": run, "cut": cut, "card": dict(card)},
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
        current = {row.pk: row for row in rows.order_by("pk")}[version.pk]
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
    earlier = (
        ModelVersion.objects.filter(
            site=site, state=VersionState.RETIRED, promoted_at__isnull=False
        )
        .order_by("-promoted_at")
        .first()
    )
    if earlier is None:
        raise NotPromotable("No earlier version is kept.")
    promote(version=earlier)
    return earlier


def clear_old(*, site: Site) -> int:
    """Delete folders and rows beyond ``KEEP_VERSIONS``; the live one always stays."""
    rows = ModelVersion.objects.filter(site=site).exclude(state=VersionState.LIVE)
    stale = list(rows.order_by("-created_at")[recommender_settings.KEEP_VERSIONS :])
    for version in stale:
        discard(version=version)
        version.delete()
    return len(stale)

"""Requesting a training run and moving it on, one short step at a time.

The run's row is the truth. Every step may be taken twice and by any process: a lease on the row
lets one in, the engine's lock file says whether the job lives, and what is done already is seen
and not done again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.sites.models import Site
from django.db import DatabaseError, IntegrityError, models, transaction
from django.utils import timezone

from consent.ledger.append import settled_moment
from recommender.conf import recommender_settings
from recommender.training import registry
from recommender.training.engine import get_engine
from recommender.training.engine.job_order import JobOrder
from recommender.training.folders import clear_run, manifest_dir, run_dir, sentence_encoder_dir
from recommender.training.gates import judge
from recommender.training.lineage import follow_ledger, record_lesson
from recommender.training.manifest import build_manifest
from recommender.training.models import ACTIVE_STATES, RunState, TrainingRun
from recommender.training.selectors import active_run, live_version

logger = logging.getLogger(__name__)


class RunEndedError(Exception):
    """Somebody ended the run while a step was being taken."""


LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 3


def request_training(
    *,
    site: Site,
    preset: str | None = None,
    cpu_seconds: int | None = None,
    seed: int = 0,
    requested_by: Any = None,
) -> TrainingRun:
    """Ask for a run; when one is under way, that one is returned.

    ``requested_by`` is a user of the host's user model, or None.
    """
    if (running := active_run(site=site)) is not None:
        return running
    try:
        with transaction.atomic():
            return TrainingRun.objects.create(
                site=site,
                preset=preset or recommender_settings.TRAIN_PRESET,
                cpu_seconds=cpu_seconds or recommender_settings.TRAIN_CPU_SECONDS,
                seed=seed,
                requested_by=requested_by,
            )
    except IntegrityError:
        return TrainingRun.objects.get(site=site, state__in=ACTIVE_STATES)


def advance(*, run_id: UUID) -> TrainingRun:
    """Take the run's next step, if it has one and nobody else is taking it."""
    with _lease(run_id) as run:
        if run is None:
            return TrainingRun.objects.get(pk=run_id)
        try:
            if run.state == RunState.REQUESTED:
                _start(run)
            elif run.state == RunState.TRAINING:
                _watch(run)
        except DatabaseError:
            logger.exception("training run %s could not take its step; it is due again", run.pk)
        except RunEndedError:
            clear_run(run.pk)
        except Exception as error:
            logger.exception("training run %s failed", run.pk)
            _fail(run, f"{type(error).__name__}: {error}")
        return run


def cancel(*, run_id: UUID) -> TrainingRun:
    """End an active run; the live model is not touched."""
    changed = TrainingRun.objects.filter(pk=run_id, state__in=ACTIVE_STATES).update(
        state=RunState.CANCELLED, finished_at=timezone.now(), message="Cancelled."
    )
    if changed:
        get_engine().stop(run_dir(run_id))
        clear_run(run_id)
    return TrainingRun.objects.get(pk=run_id)


def sweep_folders() -> int:
    """Delete folders of runs that are over: a worker may have died before it did; return how many.

    They hold what people did.
    """
    root = Path(recommender_settings.RUNS_DIR)
    active = set(TrainingRun.objects.filter(state__in=ACTIVE_STATES).values_list("pk", flat=True))
    swept = 0
    for folder in root.iterdir() if root.is_dir() else ():
        with suppress(ValueError):
            run_id = UUID(folder.name)
            if run_id not in active:
                get_engine().stop(folder)
                clear_run(run_id)
                swept += 1
    return swept


@contextmanager
def _lease(run_id: UUID) -> Iterator[TrainingRun | None]:
    """The active run, leased to this process; None when it is over or leased elsewhere."""
    now = timezone.now()
    until = now + LEASE
    claimed = (
        TrainingRun.objects.filter(pk=run_id, state__in=ACTIVE_STATES)
        .filter(models.Q(leased_until__isnull=True) | models.Q(leased_until__lt=now))
        .update(leased_until=until)
    )
    if not claimed:
        yield None
        return
    try:
        yield TrainingRun.objects.select_related("site").get(pk=run_id)
    finally:
        TrainingRun.objects.filter(pk=run_id, leased_until=until).update(leased_until=None)


def _start(run: TrainingRun) -> None:
    """Write the manifest and start the job."""
    cut = settled_moment(site_id=run.site_id)
    manifest = build_manifest(site=run.site, cut=cut, folder=manifest_dir(run.pk))
    run.manifest = asdict(manifest.meta)
    _save(run)
    record_lesson(run=run, manifest=manifest, folder=manifest_dir(run.pk))
    _save(run, state=RunState.TRAINING, started_at=cut, message="Learning.")
    _order_job(run)


def _watch(run: TrainingRun) -> None:
    """Copy the job's progress to the row; finish, or start again a job that died."""
    progress = _read_progress(run)
    state = progress.get("state")
    if state == "finished":
        _finish(run)
    elif state == "failed":
        _fail(run, str(progress.get("message") or "The job gave no reason."))
    elif get_engine().is_running(run_dir(run.pk)):
        step = int(progress.get("step", 0))
        if step > run.step:
            run.attempts = 1  # it got further: whatever ended it before does not end it always
        _save(
            run,
            attempts=run.attempts,
            step=step,
            steps=int(progress.get("steps", 0)),
            message=str(progress.get("message", run.message)),
        )
    elif run.attempts >= MAX_ATTEMPTS:
        _fail(run, f"The job died {run.attempts} times.")
    else:
        _order_job(run)


def _order_job(run: TrainingRun) -> None:
    _save(run, attempts=run.attempts + 1)
    get_engine().start(
        JobOrder(
            manifest_dir=manifest_dir(run.pk),
            run_dir=run_dir(run.pk),
            preset=run.preset,
            seed=run.seed,
            cpu_seconds=run.cpu_seconds,
            sentence_encoder=sentence_encoder_dir(),
            recipe=recommender_settings.TRAIN_RECIPE,
        )
    )


def _finish(run: TrainingRun) -> None:
    """Judge, register, promote or refuse, and clear the run's files."""
    folder = run_dir(run.pk)
    card = json.loads((folder / "card.json").read_text())
    verdicts = judge(
        site=run.site,
        card=card,
        run_dir=folder,
        manifest_dir=manifest_dir(run.pk),
        incumbent=live_version(site=run.site),
    )
    version = registry.register(
        run=run,
        folder=folder / "published",
        cut=datetime.fromisoformat(run.manifest["cut"]),
        card=card,
        verdicts=verdicts,
    )
    follow_ledger(site=run.site)
    _save(run, message="Judged.")
    try:
        registry.promote(version=version)
        message = f"Version {version} is live."
    except registry.NotPromotable as refusal:
        message = str(refusal)
    _save(run, state=RunState.FINISHED, finished_at=timezone.now(), message=message, step=run.steps)
    registry.clear_old(site=run.site)
    clear_run(run.pk)


def _fail(run: TrainingRun, message: str) -> None:
    _save(run, state=RunState.FAILED, finished_at=timezone.now(), message=message)
    get_engine().stop(run_dir(run.pk))
    clear_run(run.pk)


def _save(run: TrainingRun, **changes: Any) -> None:
    """Write ``changes``.

    Raises:
        RunEndedError: the run was ended (cancelled) meanwhile; nothing is written.
    """
    for name, value in changes.items():
        setattr(run, name, value)
    active = TrainingRun.objects.filter(pk=run.pk, state__in=ACTIVE_STATES)
    if not active.update(manifest=run.manifest, **changes):
        raise RunEndedError


def _read_progress(run: TrainingRun) -> dict[str, Any]:
    path = run_dir(run.pk) / "progress.json"
    try:
        progress: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return progress

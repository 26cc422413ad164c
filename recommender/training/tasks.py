"""Short tasks that move training runs on; beat sends them, any worker may run them twice."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.contrib.sites.models import Site
from django.utils import timezone

from recommender.conf import recommender_settings
from recommender.events.selectors import has_training_rows
from recommender.training import lineage, registry, services
from recommender.training.models import ACTIVE_STATES, RunState, TrainingRun
from recommender.training.selectors import live_version

AFTER_FAILURE = timedelta(hours=1)


@shared_task(name="attention_recommender.advance_runs", ignore_result=True)
def advance_runs() -> int:
    """Take the next step of every active run; return how many there were."""
    services.sweep_folders()
    runs = list(TrainingRun.objects.filter(state__in=ACTIVE_STATES).values_list("pk", flat=True))
    for run_id in runs:
        services.advance(run_id=run_id)
    return len(runs)


@shared_task(name="attention_recommender.request_due_runs", ignore_result=True)
def request_due_runs() -> int:
    """Request a full retrain for every site whose last run is older than ``TRAIN_EVERY_HOURS``.

    One that learned from somebody who withdrew is replaced within a day, or a week where training
    is costly, whatever the setting says. A failed run is tried again after an hour. A model too
    old to be served, or whose people have all withdrawn, is taken down: the next rung answers.
    """
    now = timezone.now()
    since = now - timedelta(hours=recommender_settings.TRAIN_EVERY_HOURS)
    requested = 0
    for site in Site.objects.order_by("pk"):
        learnable = has_training_rows(site=site)
        lineage.follow_ledger(site=site)
        registry.take_down_expired(site=site, learnable=learnable)
        lineage.clear_lessons(site=site)
        runs = TrainingRun.objects.filter(site=site)
        recent = runs.filter(state__in=(*ACTIVE_STATES, RunState.FINISHED), requested_at__gt=since)
        failed = runs.filter(state=RunState.FAILED, finished_at__gt=now - AFTER_FAILURE)
        is_due = not recent.exists() or _must_forget(site)
        if learnable and is_due and not failed.exists():
            services.request_training(site=site)
            requested += 1
    return requested


def _must_forget(site: Site) -> bool:
    """Tell whether the live model is to be replaced now, and no training has tried since."""
    live = live_version(site=site)
    withdrawn_at = lineage.withdrawn_at(live) if live else None
    start = lineage.replace_from(live) if live else None
    if withdrawn_at is None or start is None or timezone.now() < start:
        return False
    return not TrainingRun.objects.filter(site=site, started_at__gt=withdrawn_at).exists()

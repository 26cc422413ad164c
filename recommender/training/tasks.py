"""Short tasks that move training runs on; beat sends them, any worker may run them twice."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.contrib.sites.models import Site
from django.utils import timezone

from recommender.conf import recommender_settings
from recommender.events.selectors import has_training_rows
from recommender.training import services
from recommender.training.models import ACTIVE_STATES, TrainingRun


@shared_task(name="attention_recommender.advance_runs", ignore_result=True)
def advance_runs() -> int:
    """Take the next step of every active run; return how many there were."""
    runs = list(TrainingRun.objects.filter(state__in=ACTIVE_STATES).values_list("pk", flat=True))
    for run_id in runs:
        services.advance(run_id=run_id)
    return len(runs)


@shared_task(name="attention_recommender.request_due_runs", ignore_result=True)
def request_due_runs() -> int:
    """Request a full retrain for every site whose last run is older than ``TRAIN_EVERY_HOURS``."""
    since = timezone.now() - timedelta(hours=recommender_settings.TRAIN_EVERY_HOURS)
    requested = 0
    for site in Site.objects.order_by("pk"):
        if TrainingRun.objects.filter(site=site, requested_at__gt=since).exists():
            continue
        if has_training_rows(site=site):
            services.request_training(site=site)
            requested += 1
    return requested

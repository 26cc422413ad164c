"""Periodic work on the mirror; safe twice."""

from __future__ import annotations

import logging

from celery import shared_task
from django.contrib.sites.models import Site

from recommender.catalog.services import reconcile

logger = logging.getLogger(__name__)


@shared_task(name="attention_recommender.reconcile_catalogs")
def reconcile_catalogs() -> int:
    """Compare every site's mirror with its host; return how many products had drifted."""
    drift = 0
    for site in Site.objects.order_by("pk"):
        report = reconcile(site=site)
        drift += report.drift
        logger.info("Catalog of site %s: %s", site.pk, report)
    return drift

"""Short tasks of serving; beat sends them, any worker may run them twice."""

from __future__ import annotations

from celery import shared_task
from django.contrib.sites.models import Site

from recommender.serving import services


@shared_task(name="attention_recommender.refresh_bestsellers")
def refresh_bestsellers() -> int:
    """Rank every site's best sellers anew; return how many products were ranked."""
    return sum(services.refresh_bestsellers(site=site) for site in Site.objects.order_by("pk"))

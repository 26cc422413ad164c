"""Periodic work on events; safe twice."""

from __future__ import annotations

from celery import shared_task

from recommender.events import retention


@shared_task(name="attention_recommender.apply_retention")
def apply_retention() -> int:
    """Delete what was kept long enough; return how many events went."""
    swept = retention.apply_retention()
    return swept.old + swept.sensitive + swept.without_permission

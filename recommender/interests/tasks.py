"""Delete what removed interests left; safe twice."""

from __future__ import annotations

from celery import shared_task

from recommender.interests.removal import delete_removed_events


@shared_task(name="attention_recommender.delete_removed")
def delete_removed(choice_id: int | None = None) -> int:
    """Delete the events of one removed interest, or of all; return how many."""
    return delete_removed_events(choice_id=choice_id)

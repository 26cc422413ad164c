"""Delete the events of interests that were removed."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from recommender.events.removal import delete_category_events
from recommender.interests.models import InterestChoice, State
from recommender.training import lineage

BATCH = 1000


def delete_removed_events(*, choice_id: int | None = None) -> int:
    """Delete what is left of removed interests, of one or all; return how many events.

    Each batch has a transaction of its own and asks again whether the interest is removed. Also
    finds the events of products that came into a removed category later: models that learned from
    them get the deadline of a withdrawal, too.
    """
    removed = InterestChoice.objects.filter(state=State.REMOVED)
    if choice_id is not None:
        removed = removed.filter(pk=choice_id)
    total = 0
    for pk in list(removed.order_by("pk").values_list("pk", flat=True)):
        while deleted := _delete_some(pk):
            total += deleted
    return total


def finish_removal(choice: InterestChoice) -> None:
    """Delete all that is left of one, in the transaction of the caller who holds its shopper."""
    while _delete(choice):
        continue


def _delete_some(choice_id: int) -> int:
    with transaction.atomic():
        rows = InterestChoice.objects.select_for_update(of=("self",))
        choice = rows.filter(pk=choice_id, state=State.REMOVED).first()
        deleted = _delete(choice) if choice is not None else 0
        if choice is not None and deleted:
            lineage.withdraw_from(shopper_id=choice.shopper_id, at=timezone.now())
        return deleted


def _delete(choice: InterestChoice) -> int:
    return delete_category_events(
        shopper_id=choice.shopper_id, category_id=choice.category_id, limit=BATCH
    )

"""Take a person's corrections of what was learned of them. In force from the commit on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from consent.conf import consent_settings
from consent.decisions import lock_state
from consent.enqueue import enqueue
from consent.models import ConsentState
from consent.purposes import Purpose
from recommender.catalog.models import Category
from recommender.events.live_history import store as live
from recommender.events.removal import delete_category_events
from recommender.events.retention import delete_events
from recommender.interests.models import LEAST_WEIGHT, MOST_WEIGHT, InterestChoice, State
from recommender.interests.removal import finish_removal
from recommender.interests.tasks import delete_removed
from recommender.training import lineage


class Weight(Enum):
    """How much of an interest a person wants."""

    LESS = LEAST_WEIGHT
    NORMAL = 1.0
    MORE = MOST_WEIGHT


class NothingHeldError(ValueError):
    """Nothing is recorded of this shopper, or the site has no such category."""


def change_weight(*, shopper_id: UUID, category_id: int | None, weight: Weight) -> bool:
    """Rank products of a category lower, as they are, or higher; return whether that is new.

    A removed interest has no weight: nothing changes. Raises `NothingHeldError`.
    """
    with _locked(shopper_id) as state:
        choice = _choice(state, category_id)
        if choice.state == State.REMOVED or choice.weight == weight.value:
            return False
        choice.weight = weight.value
        _keep(choice)
    return True


def pause(*, shopper_id: UUID, category_id: int | None) -> bool:
    """Rank and train without the events of a category until resumed; return whether that is new.

    They stay, and are still recorded. Raises `NothingHeldError`.
    """
    return _turn(shopper_id, category_id, before=State.USED, after=State.PAUSED)


def resume(*, shopper_id: UUID, category_id: int | None) -> bool:
    """Let a paused interest count again; return whether it was paused.

    Raises `NothingHeldError`.
    """
    return _turn(shopper_id, category_id, before=State.PAUSED, after=State.USED)


def remove(*, shopper_id: UUID, category_id: int | None) -> bool:
    """Delete the events of a category and take in none until it is allowed again.

    All are unreadable from the commit on; of a long history ``ERASE_ROWS`` go at once and the
    rest by task. Dislikes stay. Models that learned from the person get the deadline of a
    withdrawal. Returns whether the interest was not removed before. Raises `NothingHeldError`.
    """
    with _locked(shopper_id) as state:
        choice = _choice(state, category_id)
        is_new = choice.state != State.REMOVED
        if is_new:
            choice.state, choice.weight = State.REMOVED, Weight.NORMAL.value
            _keep(choice)
        limit = consent_settings.ERASE_ROWS
        deleted = delete_category_events(
            shopper_id=shopper_id, category_id=category_id, limit=limit
        )
        if deleted == limit:
            enqueue(delete_removed, choice.pk)
        if deleted:
            lineage.withdraw_from(shopper_id=shopper_id, at=timezone.now())
    return is_new


def allow(*, shopper_id: UUID, category_id: int | None) -> bool:
    """Learn from a category again, from nothing; return whether it was removed.

    What a removal left to its task is deleted first. Raises `NothingHeldError`.
    """
    with _locked(shopper_id) as state:
        choice = _choice(state, category_id)
        if choice.state != State.REMOVED:
            return False
        finish_removal(choice)
        choice.delete()
    return True


def reset(*, shopper_id: UUID) -> int:
    """Undo every correction; return how many there were. Removed events stay deleted.

    Raises `NothingHeldError`.
    """
    with _locked(shopper_id):
        choices = list(InterestChoice.objects.filter(shopper_id=shopper_id))
        for choice in choices:
            if choice.state == State.REMOVED:
                finish_removal(choice)
            choice.delete()
    return len(choices)


def start_over(*, shopper_id: UUID) -> int:
    """Delete everything recorded, and go on learning; return how many events went.

    Permissions and corrections stay as they are; models that learned from the person get the
    deadline of a withdrawal. Raises `NothingHeldError`.
    """
    with _locked(shopper_id):
        deleted = delete_events(shopper_id=shopper_id, limit=None)
        if deleted:
            lineage.withdraw_from(shopper_id=shopper_id, at=timezone.now())
    return deleted


def _turn(shopper_id: UUID, category_id: int | None, *, before: State, after: State) -> bool:
    with _locked(shopper_id) as state:
        choice = _choice(state, category_id)
        if choice.state != before:
            return False
        choice.state = after
        _keep(choice)
    return True


@contextmanager
def _locked(shopper_id: UUID) -> Iterator[ConsentState]:
    """Hold a shopper's state, so that nothing of them is stored meanwhile; then renew histories.

    A person may correct what is held, also while a new policy waits for their decision.
    """
    with transaction.atomic():
        state = lock_state(shopper_id)
        if state is None or not (state.purposes | state.suspended) & Purpose.ANALYTICS.bit:
            raise NothingHeldError("Nothing is recorded of this shopper.")
        transaction.on_commit(partial(live.forget, shopper_ids=[shopper_id]))
        yield state


def _choice(state: ConsentState, category_id: int | None) -> InterestChoice:
    """The shopper's choice, or one that says nothing yet."""
    about = Q(category=None) if category_id is None else Q(category=category_id)
    choice = InterestChoice.objects.filter(about, shopper=state.shopper_id).first()
    if choice is not None:
        return choice
    known = Category.objects.for_site(state.site_id)
    if category_id is not None and not known.filter(pk=category_id).exists():
        raise NothingHeldError("The site has no such category.")
    return InterestChoice(shopper_id=state.shopper_id, category_id=category_id)


def _keep(choice: InterestChoice) -> None:
    """Store a choice; one that says nothing any more is not kept."""
    if choice.state == State.USED and choice.weight == Weight.NORMAL.value:
        if choice.pk is not None:
            choice.delete()
        return
    choice.changed_at = timezone.now()
    choice.save()

"""The rules of this floor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from consent.conf import consent_settings
from consent.decisions import Circumstances, lock_state, part
from consent.people.models import ChoiceCount, ConsentState
from consent.purposes import Purpose
from consent.retention.models import RetentionRun
from consent.retention.rules import Rule, days_kept, register_rule
from consent.staff.retention import delete_accesses

BATCH = 500
MOST_PEOPLE = 20_000
"""People closed in one run; the rest are closed by the next."""


def register_own() -> None:
    """Register what this floor keeps and for how long."""
    register_rule(
        Rule(
            label="shoppers",
            title=_("People whose key has expired"),
            models=("attention_consent.Shopper", "attention_consent.ConsentState"),
            purpose=Purpose.NECESSARY,
            setting="KEY_DAYS",
            days=lambda: consent_settings.KEY_DAYS,
            counted_from=_("their last decision"),
            sweep=lambda now: close_people(_expired(now)),
        )
    )
    register_rule(
        Rule(
            label="suspended",
            title=_("People who never answered a changed text"),
            models=("attention_consent.Shopper", "attention_consent.ConsentState"),
            purpose=Purpose.NECESSARY,
            setting="SUSPENDED_DAYS",
            days=lambda: consent_settings.SUSPENDED_DAYS,
            counted_from=_("the change of the text"),
            sweep=lambda now: close_people(_rested(now)),
        )
    )
    register_rule(
        Rule(
            label="choice_counts",
            title=_("Hourly counts of choices"),
            models=("attention_consent.ChoiceCount",),
            purpose=None,
            setting="RETENTION_DAYS",
            days=_days("choice_counts"),
            counted_from=_("their hour"),
            sweep=lambda now: delete_rows(
                ChoiceCount.objects.filter(hour__lt=_before(now, "choice_counts"))
            ),
        )
    )
    register_rule(
        Rule(
            label="accesses",
            title=_("Who of the staff opened whose data"),
            models=("attention_consent.Access",),
            purpose=Purpose.NECESSARY,
            setting="RETENTION_DAYS",
            days=_days("accesses"),
            counted_from=_("the access"),
            sweep=_sweep_accesses,
        )
    )
    register_rule(
        Rule(
            label="retention_runs",
            title=_("What retention deleted"),
            models=("attention_consent.RetentionRun",),
            purpose=None,
            setting="RETENTION_DAYS",
            days=_days("retention_runs"),
            counted_from=_("their day"),
            sweep=lambda now: delete_rows(
                RetentionRun.objects.filter(day__lt=_before(now, "retention_runs").date())
            ),
        )
    )


def close_people(states: QuerySet[ConsentState]) -> int:
    """Close people for erasure; return how many.

    What is closed becomes unreadable at once and is deleted as a due erasure. What an account
    holds without consent, such as its orders, stays with it.
    """
    closed = 0
    while closed < MOST_PEOPLE:
        due = list(states.order_by("decided_at").values_list("pk", flat=True)[:BATCH])
        done = sum(_close_still(states, key) for key in due)
        if not done:
            break
        closed += done
    return closed


@transaction.atomic
def _close_still(states: QuerySet[ConsentState], shopper_id: UUID) -> bool:
    """Close a person unless they decided since they were found; return whether they are closed."""
    lock_state(shopper_id)
    if not states.filter(pk=shopper_id).exists():
        return False
    how = Circumstances(actor="system", source="retention")
    return part(shopper_id=shopper_id, how=how) is not None


def delete_rows(rows: QuerySet[Any]) -> int:
    """Delete ``rows`` that nothing points at, some at a time; return how many."""
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.model._default_manager.filter(pk__in=keys).delete()[0]
    return deleted


def _expired(now: datetime) -> QuerySet[ConsentState]:
    """Those nobody reaches any longer: no account, no browser with a valid key, not imported."""
    return ConsentState.objects.filter(
        _allows(),
        decided_at__lt=now - timedelta(days=consent_settings.KEY_DAYS + 1),
        shopper__user__isnull=True,
        shopper__is_imported=False,
    )


def _rested(now: datetime) -> QuerySet[ConsentState]:
    """Those whose permissions have waited too long for a new decision."""
    since = now - timedelta(days=consent_settings.SUSPENDED_DAYS)
    return ConsentState.objects.filter(_allows(), suspended_at__lt=since)


def _allows() -> Q:
    return Q(purposes__gt=0) | Q(suspended__gt=0)


def _sweep_accesses(now: datetime) -> int:
    deleted = 0
    while rows := delete_accesses(before=_before(now, "accesses"), limit=BATCH):
        deleted += rows
    return deleted


def _days(label: str) -> Callable[[], int]:
    return lambda: days_kept(label)


def _before(now: datetime, label: str) -> datetime:
    return now - timedelta(days=days_kept(label))

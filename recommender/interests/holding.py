"""The corrections a person made, for consent to show, export and erase."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from consent import holdings
from consent.purposes import Purpose
from recommender.events.live_history import store as live
from recommender.interests.models import InterestChoice
from recommender.interests.selectors import choices_of


def connect() -> None:
    """Register the corrections.

    They are held for ``analytics``, as the events are which they restrict: held for less, a
    paused interest would train the model once recommendations alone were withdrawn.
    """
    holdings.register(
        holdings.Holding(
            label="attention_recommender.interests",
            title=_("Your corrections of what was learned"),
            models=("attention_recommender.InterestChoice",),
            purpose=Purpose.ANALYTICS,
            retention=_("Until you undo them, or nothing is recorded of you any more."),
            count=lambda shopper_id: choices_of(shopper_id=shopper_id).count(),
            export=_export,
            erase=_erase,
            move=_move,
            source=_("You, on the page of what was learned."),
            schema={
                "category": _("the shop's key of the category; empty for products without one"),
                "category_name": _("its name"),
                "state": _("used, paused or removed"),
                "weight": _("less than 1: less of it; more than 1: more of it"),
                "changed_at": _("when you changed it last"),
            },
            correct="attention_recommender:interests",
        )
    )


def _export(shopper_id: UUID) -> Iterator[dict[str, Any]]:
    for choice in choices_of(shopper_id=shopper_id).select_related("category"):
        yield {
            "category": choice.category.host_key if choice.category else None,
            "category_name": choice.category.name if choice.category else None,
            "state": choice.state,
            "weight": choice.weight,
            "changed_at": choice.changed_at,
        }


def _move(source: UUID, target: UUID, purposes: frozenset[Purpose], limit: int) -> int:
    """Hand over corrections; of two for one category the stricter holds, else the target's."""
    rows = list(choices_of(shopper_id=source)[:limit])
    theirs = {row.category_id: row for row in choices_of(shopper_id=target)}
    for row in rows:
        own = theirs.get(row.category_id)
        if own is None:
            row.shopper_id = target
            row.save(update_fields=["shopper"])
            continue
        if own.severity < row.severity:
            own.state, own.weight, own.changed_at = row.state, row.weight, row.changed_at
            own.save(update_fields=["state", "weight", "changed_at"])
        row.delete()
    transaction.on_commit(partial(live.forget, shopper_ids=[target]))
    return len(rows)


def _erase(shopper_id: UUID, limit: int | None) -> int:
    rows = choices_of(shopper_id=shopper_id).values_list("pk", flat=True)
    found = list(rows if limit is None else rows[:limit])
    return InterestChoice.objects.filter(pk__in=found).delete()[0]

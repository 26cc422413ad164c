"""Tell a person who looked at their data, and tell staff what the holdings are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q

from consent.conf import consent_settings
from consent.holdings import all_holdings
from consent.people.models import Shopper
from consent.staff.models import Access, labels_of
from consent.staff.services import subjects_of


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a person's data, as the person is told.

    ``name`` is empty unless ``SHOW_STAFF_NAMES`` is on and the account still exists.
    """

    at: datetime
    role: str
    name: str
    opened: tuple[Any, ...]
    reason: str


def accesses_of(*, shopper_id: UUID) -> list[Seen]:
    """Return who of the staff looked at a shopper's data, newest first."""
    rows = list(_rows(shopper_id).order_by("-accessed_at", "-sequence"))
    names = _names({row.staff for row in rows}) if consent_settings.SHOW_STAFF_NAMES else {}
    titles = {holding.label: holding.title for holding in all_holdings()}
    return [
        Seen(
            row.accessed_at,
            row.role,
            names.get(row.staff, ""),
            tuple(titles.get(label, label) for label in labels_of(row.fields)),
            row.reason,
        )
        for row in rows
    ]


def count_accesses(*, shopper_id: UUID) -> int:
    """Return how often staff looked at a shopper's data."""
    return int(_rows(shopper_id).count())


def find_shopper(*, site_id: int, person: str) -> UUID | None:
    """Return the shopper with this whole key, or of the account with exactly this name or mail."""
    shoppers = Shopper.objects.for_site(site_id)
    try:
        found = shoppers.filter(pk=UUID(person.strip()))
    except ValueError:
        model = get_user_model()
        names = {model.USERNAME_FIELD, model.get_email_field_name()}
        wanted = Q()
        for name in names:
            wanted |= Q(**{f"user__{name}": person.strip()})
        found = shoppers.filter(wanted)
    keys = list(found.values_list("pk", flat=True)[:2])
    return keys[0] if len(keys) == 1 else None


def _rows(shopper_id: UUID) -> Any:
    return Access.objects.filter(subject__in=subjects_of(shopper_id))


def _names(staff: set[str]) -> dict[str, str]:
    accounts = get_user_model()._default_manager.filter(pk__in=staff)
    return {str(account.pk): str(account) for account in accounts}

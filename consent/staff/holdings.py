"""Tell a person who of the staff looked at their data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consent.holdings import Holding, register
from consent.purposes import Purpose
from consent.retention.rules import days_kept
from consent.rights.sections import Section, register_section
from consent.staff.selectors import accesses_of, count_accesses


class _Days:
    """The setting at the moment it is shown."""

    def __str__(self) -> str:
        return str(days_kept("accesses"))


def register_own() -> None:
    """Register the record of accesses as a holding, and as a part of the rights page."""
    register(
        Holding(
            label="accesses",
            title=_("Who looked at your data"),
            models=("attention_consent.Access",),
            purpose=Purpose.NECESSARY,
            source=_("Recorded when a member of staff opens your data."),
            retention=format_lazy(
                _(
                    "{days} days. It names you only by a code that leads nowhere once your key is "
                    "deleted."
                ),
                days=_Days(),
            ),
            count=lambda shopper_id: count_accesses(shopper_id=shopper_id),
            export=_export,
            erase=lambda shopper_id, limit: 0,
            is_register=True,
        )
    )
    register_section(
        Section(
            label="accesses",
            title=_("Who looked at your data"),
            template="attention_consent/parts/accesses.html",
            data=_section,
        )
    )


def _section(shopper_id: UUID | None, request: HttpRequest) -> Mapping[str, Any] | None:
    if shopper_id is None:
        return None
    return {"accesses": accesses_of(shopper_id=shopper_id)}


def _export(shopper_id: UUID) -> Iterator[dict[str, Any]]:
    for seen in accesses_of(shopper_id=shopper_id):
        row = {
            "accessed_at": seen.at,
            "role": seen.role,
            "opened": [str(title) for title in seen.opened],
            "reason": seen.reason,
        }
        yield {**row, "name": seen.name} if seen.name else row

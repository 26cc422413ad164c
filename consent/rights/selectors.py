"""Read everything that is held of a person who proved who they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils import timezone

from consent.erasure.proofs import derived_of
from consent.holdings import Derived, Holding, all_holdings
from consent.ledger.append import subjects_of as ledger_subjects
from consent.ledger.models import Decision
from consent.rights.models import DataRequest
from consent.rights.people import Person, subjects_of

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Held:
    """How much of one kind is held of a person: why, from where, for whom, and for how long."""

    label: str
    title: Any
    purpose: Any
    source: Any
    recipients: Any
    retention: Any
    correct: str
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of one kind. ``number`` counts from 1."""

    held: Held
    schema: dict[str, str]
    rows: list[dict[str, Any]]
    number: int
    has_next: bool


def held_of(*, person: Person) -> list[Held]:
    """Return every kind of record with the number of its rows, empty ones included."""
    return [_held(holding, person) for holding in all_holdings() if _reaches(holding, person)]


def page_of(*, person: Person, label: str, number: int) -> Page | None:
    """Return one page of a kind's rows, None when there is no such kind for this person."""
    found = [each for each in all_holdings() if each.label == label and _reaches(each, person)]
    if not found or number < 1:
        return None
    start = (number - 1) * PAGE_ROWS
    rows = list(islice(rows_of(found[0], person), start, start + PAGE_ROWS + 1))
    return Page(
        held=_held(found[0], person),
        schema={name: str(meaning) for name, meaning in found[0].schema.items()},
        rows=rows[:PAGE_ROWS],
        number=number,
        has_next=len(rows) > PAGE_ROWS,
    )


def models_of(*, person: Person) -> list[Derived]:
    """Return what was made from a person's data and may still hold them."""
    return derived_of(person.shopper_id) if person.shopper_id else []


def decisions_of(*, person: Person) -> list[Decision]:
    """Return a person's decisions in the ledger, newest first."""
    if person.shopper_id is None:
        return []
    rows = Decision.objects.for_site(person.site_id)
    return list(rows.filter(subject__in=ledger_subjects(person.shopper_id)).order_by("-sequence"))


def requests_of(*, person: Person, limit: int = 50) -> list[DataRequest]:
    """Return what a person asked for, newest first."""
    rows = DataRequest.objects.for_site(person.site_id).filter(subject__in=subjects_of(person))
    return list(rows[:limit])


def export_of(*, person: Person) -> dict[str, Any]:
    """Return everything held of a person, ready for JSON; see ``export_schema`` for its form."""
    return {
        "format": 1,
        "exported_at": timezone.now(),
        "holdings": [
            {
                "label": holding.label,
                "title": str(holding.title),
                "purpose": str(holding.purpose),
                "source": str(holding.source),
                "recipients": str(holding.recipients),
                "retention": str(holding.retention),
                "schema": {name: str(meaning) for name, meaning in holding.schema.items()},
                "rows": list(rows_of(holding, person)),
            }
            for holding in all_holdings()
            if _reaches(holding, person)
        ],
        "models": [
            {"label": each.label, "id": each.id, "hash": each.hash, "deadline": each.deadline}
            for each in models_of(person=person)
        ],
    }


def guest_lookup(*, person: Person) -> bool:
    """Tell whether any holding knows the address of somebody who bought without an account."""
    return any(_count(holding, person) for holding in all_holdings() if holding.by_mail)


def rows_of(holding: Holding, person: Person) -> Iterable[dict[str, Any]]:
    """Return the rows of one kind, by whichever door they can be reached."""
    if person.shopper_id is not None:
        return holding.export(person.shopper_id)
    if person.account is not None and holding.by_account is not None:
        return holding.by_account.export(person.account)
    if person.guest is not None and holding.by_mail is not None:
        return holding.by_mail.export(person.guest)
    return ()


def _reaches(holding: Holding, person: Person) -> bool:
    if person.shopper_id is not None:
        return True
    if person.account is not None:
        return holding.by_account is not None
    return holding.by_mail is not None


def _count(holding: Holding, person: Person) -> int:
    if person.shopper_id is not None:
        return holding.count(person.shopper_id)
    if person.account is not None and holding.by_account is not None:
        return holding.by_account.count(person.account)
    if person.guest is not None and holding.by_mail is not None:
        return holding.by_mail.count(person.guest)
    return 0


def _held(holding: Holding, person: Person) -> Held:
    return Held(
        label=holding.label,
        title=holding.title,
        purpose=holding.purpose,
        source=holding.source,
        recipients=holding.recipients,
        retention=holding.retention,
        correct=holding.correct,
        count=_count(holding, person),
    )

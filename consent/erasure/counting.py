"""Count what is held of a person before a deletion begins and after it has ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from consent.erasure.models import Erasure
from consent.holdings import Holding, all_holdings
from consent.ledger.append import subjects_of
from consent.ledger.models import Decision
from consent.purposes import from_mask


class Count(TypedDict):
    """How many rows of one holding there were; ``after`` is None until the deletion ends."""

    label: str
    stores: list[str]
    before: int
    after: int | None


def covered(erasure: Erasure) -> list[Holding]:
    """Return the holdings a deletion counts: those of its purposes, and the registers.

    What was derived has no rows; the proof lists it by itself.
    """
    covers = from_mask(erasure.purposes)
    return [
        each
        for each in all_holdings()
        if (each.purpose in covers or each.is_register) and each.derived is None
    ]


@transaction.atomic
def count_before(erasure: Erasure) -> None:
    """Note once, before the first row goes, how many there are and which decision asked for it."""
    row = Erasure.objects.select_for_update().get(pk=erasure.pk)
    if not row.counts and row.shopper_id is not None:
        row.counts = [
            Count(
                label=holding.label,
                stores=list(holding.stores),
                before=holding.count(row.shopper_id),
                after=None,
            )
            for holding in covered(row)
        ]
        decision = decision_of(row)
        row.decision = decision.sequence if decision else None
        row.save(update_fields=["counts", "decision"])
    erasure.counts, erasure.decision = row.counts, row.decision


def counted_after(counts: Iterable[Count], shopper_id: UUID) -> list[Count]:
    """Return ``counts`` with what is left now; a holding no longer registered keeps None."""
    known = {holding.label: holding for holding in all_holdings()}
    return [
        Count(
            label=each["label"],
            stores=each["stores"],
            before=each["before"],
            after=known[each["label"]].count(shopper_id) if each["label"] in known else None,
        )
        for each in counts
    ]


def decision_of(erasure: Erasure) -> Decision | None:
    """Return the ledger row a deletion comes from: the person's first since it was asked for."""
    rows = Decision.objects.for_site(erasure.site_id)
    if erasure.decision is not None:
        return rows.filter(sequence=erasure.decision).first()
    if erasure.shopper_id is None:
        return None
    rows = rows.filter(
        subject__in=subjects_of(erasure.shopper_id), recorded_at__gte=erasure.requested_at
    )
    return rows.order_by("sequence").first()

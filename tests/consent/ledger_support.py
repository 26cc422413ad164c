"""Write chains of decisions, and checkpoints of them, for the tests of the ledger."""

from __future__ import annotations

from django.db import transaction

from consent.ledger.append import append
from consent.ledger.entry import Draft
from consent.ledger.models import Decision

ROWS = 6


def chain(site_id: int, count: int = ROWS) -> list[Decision]:
    with transaction.atomic():
        return append(site_id=site_id, drafts=[drafted(number) for number in range(count)])


def drafted(number: int) -> Draft:
    return Draft(
        kid="debug",
        subject=f"{number:064x}",
        kind="granted",
        purposes="analytics",
        generation=1,
        policy="",
        language="en",
        source="banner",
        gpc=False,
        actor="shopper",
        details={"n": str(number)},
    )

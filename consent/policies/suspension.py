"""Let what people allowed rest when the text they decided on changed materially."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F

from consent.gate_cache.store import Decided, shut
from consent.people.models import ConsentState

BATCH = 2000


def suspend_everybody(*, site_id: int, moment: datetime) -> int:
    """Move what everybody on a site allows to ``suspended``; return how many people it was.

    Runs inside the transaction that publishes the version, with the rows locked in key order: a
    writer of events either committed before, or finds nothing in force. What Redis keeps of these
    people is shut before the commit, as for any decision. Imported decisions rest on the
    importer's legal basis, not on a text of the shop, and stay. Who asked for a restriction has
    nothing in force, and hears of the text when it is lifted.
    """
    decided: list[Decided] = []
    after = UUID(int=0)
    while True:
        states = ConsentState.objects.for_site(site_id).filter(
            purposes__gt=0, policy__isnull=False, shopper_id__gt=after
        )
        rows = list(
            states.select_for_update(of=("self",))
            .order_by("shopper_id")
            .values_list("shopper_id", "generation", "sequence")[:BATCH]
        )
        if not rows:
            break
        ConsentState.objects.filter(shopper_id__in=[row[0] for row in rows]).update(
            suspended=F("purposes"),
            suspended_at=moment,
            purposes=0,
            confirmed=0,
            generation=F("generation") + 1,
        )
        decided += [Decided(key, generation + 1, sequence) for key, generation, sequence in rows]
        after = rows[-1][0]
    if not shut(decided):
        transaction.on_commit(partial(shut, decided))
    return len(decided)

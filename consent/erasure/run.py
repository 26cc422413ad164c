"""Carry out the deletions that are due, in batches, as often as needed."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from consent.erasure.models import Erasure
from consent.holdings import all_holdings
from consent.people.models import ConsentState, Shopper
from consent.purposes import Purpose, from_mask

logger = logging.getLogger(__name__)

BATCH = 1000


def run(*, erasure_id: int, budget: int | None = None) -> bool:
    """Delete at most ``budget`` rows (None: all) of a due erasure; return whether it is finished.

    Holdings are emptied from the top floor down, each batch in its own transaction, so stopping
    at any point loses nothing and running twice does no harm.
    """
    erasure = Erasure.objects.due().filter(pk=erasure_id).first()
    if erasure is None:
        return True
    if erasure.shopper_id is not None:
        covers = from_mask(erasure.purposes)
        for holding in reversed(all_holdings()):
            if holding.purpose not in covers or holding.is_register:
                continue
            while True:
                if budget is not None and budget <= 0:
                    return False
                limit = BATCH if budget is None else min(BATCH, budget)
                with transaction.atomic():
                    rows = holding.erase(erasure.shopper_id, limit)
                if not rows:
                    break
                Erasure.objects.filter(pk=erasure_id).update(rows=F("rows") + rows)
                budget = None if budget is None else budget - rows
    _finish(erasure)
    return True


def run_quietly(*, erasure_id: int, budget: int | None = None) -> bool:
    """Do as ``run``; log an error and return False instead of raising it.

    Every write of ``run`` has its own savepoint, so a surrounding transaction stays usable.
    """
    try:
        return run(erasure_id=erasure_id, budget=budget)
    except Exception:
        logger.exception("Erasure %s was interrupted; it stays due.", erasure_id)
        return False


@transaction.atomic
def _finish(erasure: Erasure) -> None:
    """Mark the erasure done; delete a shopper who is nobody's account and allows nothing.

    An account's shopper stays, without any data, as the record of its refusal, unless everything
    was to be erased.
    """
    if erasure.shopper_id is not None:
        state = ConsentState.objects.select_for_update().filter(pk=erasure.shopper_id).first()
        shopper = Shopper.objects.filter(pk=erasure.shopper_id).first()
        is_whole = bool(erasure.purposes & Purpose.NECESSARY.bit)
        is_closed = state is None or not state.purposes
        if shopper is not None and is_closed and (is_whole or shopper.user_id is None):
            shopper.delete()
    Erasure.objects.filter(pk=erasure.pk, finished_at__isnull=True).update(
        finished_at=timezone.now()
    )

"""Carry out the deletions that are due, in batches, as often as needed."""

from __future__ import annotations

import logging
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from consent.decisions import names
from consent.erasure.counting import count_before, counted_after, decision_of
from consent.erasure.models import Erasure
from consent.erasure.proofs import derived_of, make_proof
from consent.erasure.tombstones import bury
from consent.gate import Refusal, RefusalReason, lock_permits
from consent.gate_cache.store import Decided, shut
from consent.holdings import Derived, Holding, all_holdings
from consent.people.models import ConsentState, Shopper
from consent.people.turns import take_turn
from consent.purposes import Purpose, from_mask
from consent.savepoints import in_host_transaction

logger = logging.getLogger(__name__)

BATCH = 1000


class HeirRests(Exception):  # noqa: N818
    """What the heir allows is suspended: neither may anything move nor be deleted for that."""


def run(*, erasure_id: int, budget: int | None = None) -> bool:
    """Delete at most ``budget`` rows (None: all) of a due erasure; return whether it is finished.

    Holdings are emptied from the top floor down, each batch in its own transaction, so stopping
    at any point loses nothing and running twice does no harm. Where there is an heir, what may be
    moved is moved before the rest is deleted; while what the heir allows rests, both wait.
    """
    erasure = Erasure.objects.due().filter(pk=erasure_id).first()
    if erasure is None:
        return True
    if erasure.shopper_id is not None:
        count_before(erasure)
        if not _empty_holdings(erasure, budget):
            return False
        _bury(erasure, erasure.shopper_id)
    _finish(erasure)
    return True


def _empty_holdings(erasure: Erasure, budget: int | None) -> bool:
    """Move and delete until nothing is left; return False where the budget or the heir stops it."""
    covers = from_mask(erasure.purposes)
    for holding in reversed(all_holdings()):
        if holding.purpose not in covers or holding.is_register:
            continue
        for step in (_move, _erase):
            while True:
                if budget is not None and budget <= 0:
                    return False
                limit = BATCH if budget is None else min(BATCH, budget)
                try:
                    rows = step(erasure, holding, limit)
                except HeirRests:
                    return False
                if not rows:
                    break
                budget = None if budget is None else budget - rows
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
def _move(erasure: Erasure, holding: Holding, limit: int) -> int:
    """Hand one batch to the heir, whose permission holds until it commits; return its rows.

    The heir's own deletion waits for the batch and then finds it. Once the heir has withdrawn,
    nothing is moved any more, also under a later grant. Raises ``HeirRests``.
    """
    if holding.move is None or erasure.heir_id is None or erasure.shopper_id is None:
        return 0
    both = {erasure.shopper_id, erasure.heir_id}
    answer = lock_permits(both, holding.purpose)[erasure.heir_id]
    if isinstance(answer, Refusal):
        if answer.reason is RefusalReason.POLICY:
            raise HeirRests
        return 0
    withdrawn = Erasure.objects.filter(shopper=erasure.heir_id, pk__gt=erasure.pk)
    if any(holding.purpose in from_mask(each.purposes) for each in withdrawn):
        return 0
    allowed = from_mask(erasure.heir_purposes) & answer.purposes
    rows = holding.move(erasure.shopper_id, erasure.heir_id, allowed, limit)
    Erasure.objects.filter(pk=erasure.pk).update(rows_moved=F("rows_moved") + rows)
    return rows


@transaction.atomic
def _erase(erasure: Erasure, holding: Holding, limit: int) -> int:
    """Delete one batch; return its rows."""
    if erasure.shopper_id is None:
        return 0
    rows = holding.erase(erasure.shopper_id, limit)
    Erasure.objects.filter(pk=erasure.pk).update(rows=F("rows") + rows)
    return rows


def bury_with_account(*, erasure_id: int) -> None:
    """Write the tombstone of an unfinished deletion whose shopper goes with the account now."""
    erasure = Erasure.objects.due().filter(pk=erasure_id).first()
    if erasure is not None and erasure.shopper_id is not None:
        _bury(erasure, erasure.shopper_id)


def _bury(erasure: Erasure, shopper_id: UUID) -> None:
    """Write the tombstone, while the shopper's key is still known.

    A host's transaction may still be undone, the withdrawal with it: then it waits for the commit,
    and a folder that cannot be written is logged.
    """
    decision = decision_of(erasure)
    write = partial(
        bury,
        site_id=erasure.site_id,
        shopper_id=shopper_id,
        purposes=names(erasure.purposes).split(),
        generation=decision.generation if decision else 0,
        at=decision.recorded_at if decision else erasure.requested_at,
    )
    if in_host_transaction(Erasure):
        transaction.on_commit(write, robust=True)
    else:
        write()


@transaction.atomic
def _finish(erasure: Erasure) -> None:
    """Mark the erasure done, sign its proof; delete a shopper without account or permission.

    An account's shopper stays, without any data, as the record of its refusal, unless everything
    was to be erased.
    """
    moment, counts, derived = timezone.now(), erasure.counts, list[Derived]()
    if erasure.shopper_id is not None:
        take_turn(transaction.get_connection(), erasure.shopper_id)
        state = ConsentState.objects.select_for_update().filter(pk=erasure.shopper_id).first()
        shopper = Shopper.objects.filter(pk=erasure.shopper_id).first()
        is_whole = bool(erasure.purposes & Purpose.NECESSARY.bit)
        is_closed = state is None or state.is_closed
        derived = derived_of(erasure.shopper_id)
        if shopper is not None and is_closed and (is_whole or shopper.user_id is None):
            shopper.delete()
            if state is not None:
                shut([Decided(erasure.shopper_id, state.generation, state.sequence)])
        counts = counted_after(counts, erasure.shopper_id)
    mine = Erasure.objects.select_for_update().filter(pk=erasure.pk, finished_at__isnull=True)
    if (row := mine.first()) is not None:
        row.counts, row.finished_at = counts, moment
        row.save(update_fields=["counts", "finished_at"])
        make_proof(erasure=row, counts=counts, derived=derived, moment=moment)

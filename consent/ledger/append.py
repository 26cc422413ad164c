"""Write decisions at the end of a site's chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import router, transaction
from django.db.models import F
from django.utils import timezone

from consent import keys
from consent.chains.chain import FIRST_HASH
from consent.ledger.entry import FORMAT, Draft, row_hash
from consent.ledger.models import Decision, LedgerHead

SUBJECT = "ledger"


def subject_of(shopper_id: UUID) -> tuple[str, str]:
    """Return the name of the signing master key and the subject it gives a shopper."""
    key = keys.keyring().first
    return key.kid, subject_with(key, shopper_id)


def subjects_of(shopper_id: UUID) -> list[str]:
    """Return the subjects a shopper may have, one per known master key."""
    return [subject_with(key, shopper_id) for key in keys.keyring().keys]


def subject_with(key: keys.MasterKey, shopper_id: UUID) -> str:
    """Return the subject a shopper has under one given master key."""
    return keys.pseudonym_with(key, SUBJECT, "", shopper_id)


def append(
    *, site_id: int, drafts: Sequence[Draft], moment: datetime | None = None
) -> list[Decision]:
    """Chain ``drafts`` in their order and return the rows.

    Must run inside the transaction that changes the state, after every other lock: the head row
    is locked until it commits, so a site has one writer at a time. ``moment`` is for decisions made
    elsewhere; others are recorded at the time the head is held, so times rise along a chain. Raises
    ``TransactionManagementError`` outside a transaction.
    """
    using = router.db_for_write(Decision)
    if not transaction.get_connection(using).in_atomic_block:
        raise transaction.TransactionManagementError("The ledger is written inside a transaction.")
    LedgerHead.objects.using(using).get_or_create(site_id=site_id, defaults={"hash": FIRST_HASH})
    head = LedgerHead.objects.using(using).select_for_update().get(site_id=site_id)
    recorded_at = moment or timezone.now()
    rows = []
    for draft in drafts:
        row = Decision(
            format=FORMAT,
            site_id=site_id,
            sequence=head.sequence + 1,
            previous_hash=head.hash,
            recorded_at=recorded_at,
            **draft._asdict(),
        )
        row.hash = row_hash(row)
        head.sequence, head.hash = row.sequence, row.hash
        rows.append(row)
    Decision.objects.using(using).bulk_create(rows, batch_size=500)
    head.save(using=using, update_fields=["sequence", "hash"])
    return rows


def settled_moment(*, site_id: int) -> datetime:
    """Return a moment, about now, such that every decision recorded until then has committed.

    Waits for the one that is being written. Who reads what is permitted after it, outside an older
    snapshot, reads no permission that the ledger says had ended.
    """
    using = router.db_for_write(LedgerHead)
    with transaction.atomic(using=using):
        # A write, because SQLite knows no lock of a row.
        LedgerHead.objects.using(using).filter(site_id=site_id).update(sequence=F("sequence"))
        return timezone.now()

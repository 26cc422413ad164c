"""The decisions of a site as a chain."""

from __future__ import annotations

from consent.chains.chain import NO_HEAD, START, Chain, Ends, Link
from consent.ledger.entry import FIELDS, FORMAT, row_hash
from consent.ledger.models import Decision, LedgerHead


def _ends(site_id: int) -> Ends:
    head = LedgerHead.objects.filter(site_id=site_id).first()
    return Ends(START, Link(head.sequence, head.hash)) if head else NO_HEAD


DECISIONS = Chain(
    name="chain",
    file="site",
    signs="attention.consent.checkpoint/1",
    rows=Decision,
    head=LedgerHead,
    fields=FIELDS,
    format=FORMAT,
    row_hash=row_hash,
    ends=_ends,
)

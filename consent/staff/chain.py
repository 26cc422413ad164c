"""The accesses of staff to a site's people as a chain, of which retention shortens the old end."""

from __future__ import annotations

from consent.chains.chain import NO_HEAD, Chain, Ends, Link
from consent.staff.entry import FIELDS, FORMAT, row_hash
from consent.staff.models import Access, AccessHead


def _ends(site_id: int) -> Ends:
    head = AccessHead.objects.filter(site_id=site_id).first()
    if head is None:
        return NO_HEAD
    front = Link(head.kept_after, head.kept_after_hash)
    return Ends(front, Link(head.sequence, head.hash))


ACCESSES = Chain(
    name="chain of accesses",
    file="access",
    signs="attention.consent.access-checkpoint/1",
    rows=Access,
    head=AccessHead,
    fields=FIELDS,
    format=FORMAT,
    row_hash=row_hash,
    ends=_ends,
)

"""Delete accesses kept long enough, so that the rest of the chain still verifies."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from consent.staff.models import Access, AccessHead


def delete_accesses(*, before: datetime, limit: int) -> int:
    """Delete at most ``limit`` rows older than ``before``, from the old end; return how many."""
    deleted = 0
    for site_id in AccessHead.objects.order_by("pk").values_list("pk", flat=True):
        if deleted < limit:
            deleted += _delete(site_id, before, limit - deleted)
    return deleted


@transaction.atomic
def _delete(site_id: int, before: datetime, limit: int) -> int:
    """Move the old end of a site's chain on, then delete what lies behind it."""
    head = AccessHead.objects.select_for_update().get(pk=site_id)
    rows = Access.objects.for_site(site_id)
    young = rows.filter(accessed_at__gte=before).order_by("sequence")
    first_young = young.values_list("sequence", flat=True).first()
    end = head.sequence if first_young is None else first_young - 1
    old = rows.filter(sequence__gt=head.kept_after, sequence__lte=end).order_by("sequence")
    last = list(old.values_list("sequence", "hash")[:limit])
    if last:
        head.kept_after, head.kept_after_hash = last[-1]
        head.save(update_fields=["kept_after", "kept_after_hash"])
    return rows.filter(sequence__lte=head.kept_after).delete()[0]

"""Open personal data for a member of staff: the one door, and it keeps a record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from consent import keys
from consent.holdings import Holding, all_holdings
from consent.people.models import Shopper
from consent.staff.entry import FORMAT, row_hash
from consent.staff.models import Access, AccessHead

PERMISSION = "attention_consent.view_personal_data"
SUBJECT = "access"
REASON_LEAST = 8
_ROLE_LENGTH = 150


class NoReason(ValueError):  # noqa: N818
    """A reason was not given, or is too short to be one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was opened of one person: the row that records it, and the holdings by their label.

    ``rows`` of a holding reads when it is iterated.
    """

    access: Access
    holdings: Mapping[str, Holding]
    shopper_id: UUID

    def rows(self, label: str) -> Iterable[dict[str, Any]]:
        """Return the rows of one opened holding. Raises ``KeyError`` for one not opened."""
        return self.holdings[label].export(self.shopper_id)


def open_record(*, staff: Any, shopper_id: UUID, fields: Collection[str], reason: str) -> Opened:
    """Record that ``staff`` looks at the holdings ``fields`` of a shopper, then let them.

    The record is committed before anything is read; within a transaction of the caller nothing
    is opened. Raises ``PermissionDenied`` without the permission ``view_personal_data``,
    ``NoReason``, ``LookupError`` for an unknown shopper or holding, and ``RuntimeError`` inside
    a transaction that could take the record back.
    """
    if not (staff.is_active and staff.is_staff and staff.has_perm(PERMISSION)):
        raise PermissionDenied
    reason = " ".join(reason.split())
    if len(reason) < REASON_LEAST:
        raise NoReason("Say why in a few words.")
    known = {holding.label: holding for holding in all_holdings()}
    opened = {label: known[label] for label in sorted(set(fields))}
    if not opened:
        raise LookupError("Nothing to open.")
    shopper = Shopper.objects.filter(pk=shopper_id).first()
    if shopper is None:
        raise LookupError("There is no such shopper.")
    with transaction.atomic(durable=True):
        access = _append(shopper, staff, list(opened), reason[:300])
    return Opened(access, opened, shopper_id)


def subjects_of(shopper_id: UUID) -> list[str]:
    """Return the subjects a shopper may have in the record, one per known master key."""
    return [keys.pseudonym_with(key, SUBJECT, "", shopper_id) for key in keys.keyring().keys]


def role_of(staff: Any) -> str:
    """Return what a member of staff is, in words a person can be shown."""
    groups = ", ".join(staff.groups.order_by("name").values_list("name", flat=True))
    if groups:
        return Truncator(groups).chars(_ROLE_LENGTH)
    return _("Administrator") if staff.is_superuser else _("Staff")


def _append(shopper: Shopper, staff: Any, fields: list[str], reason: str) -> Access:
    """Write the next row of the site's chain, in the caller's transaction."""
    AccessHead.objects.get_or_create(site_id=shopper.site_id)
    head = AccessHead.objects.select_for_update().get(site_id=shopper.site_id)
    key = keys.keyring().first
    access = Access(
        format=FORMAT,
        site_id=shopper.site_id,
        sequence=head.sequence + 1,
        previous_hash=head.hash,
        kid=key.kid,
        subject=keys.pseudonym_with(key, SUBJECT, "", shopper.pk),
        staff=str(staff.pk),
        role=role_of(staff),
        fields=fields,
        reason=reason,
        accessed_at=timezone.now(),
    )
    access.hash = row_hash(access)
    access.save(force_insert=True)
    head.sequence, head.hash = access.sequence, access.hash
    head.save(update_fields=["sequence", "hash"])
    return access

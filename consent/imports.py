"""Take over decisions that people made elsewhere, and say so in the ledger."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Sequence
from uuid import UUID

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import transaction
from django.utils import timezone

from consent.decisions import Circumstances, draft
from consent.ledger.append import append
from consent.ledger.models import Kind
from consent.people.models import ConsentState, Shopper
from consent.purposes import Purpose, to_mask

_HASH = re.compile(r"[0-9a-f]{64}")
BATCH = 250
DEMONSTRATION = "none stated (demonstration)"


class ImportRefused(ValueError):  # noqa: N818
    """Decisions that must not be imported: without importer, legal basis or evidence."""


def import_decision(
    *,
    site: Site,
    purposes: Collection[Purpose],
    importer: str,
    legal_basis: str,
    evidence_hash: str,
    shopper_id: UUID | None = None,
) -> Shopper:
    """Import one person's decision; see ``import_decisions``."""
    return import_decisions(
        site=site,
        count=1,
        purposes=purposes,
        importer=importer,
        legal_basis=legal_basis,
        evidence_hash=evidence_hash,
        shopper_ids=None if shopper_id is None else [shopper_id],
    )[0]


def import_decisions(
    *,
    site: Site,
    count: int,
    purposes: Collection[Purpose],
    importer: str,
    legal_basis: str,
    evidence_hash: str,
    shopper_ids: Sequence[UUID] | None = None,
) -> list[Shopper]:
    """Make ``count`` shoppers who decided elsewhere, each with its ledger row.

    No browser ever holds their keys, so they feed statistics and training and personalize
    nobody's pages. ``evidence_hash`` is the SHA-256 (hex) of what proves the decisions.
    ``shopper_ids`` names the keys, for an import that can be repeated: existing imported
    shoppers are returned as they are. Commits every ``BATCH`` people, so that a living person's
    decision never waits long for the ledger. Raises ``ImportRefused`` without importer or
    evidence, and outside ``DEBUG`` without a legal basis; nothing is written then.
    """
    _check(importer, legal_basis, evidence_hash)
    wanted = list(shopper_ids) if shopper_ids is not None else [uuid.uuid4() for _ in range(count)]
    if len(wanted) != count or len(set(wanted)) != count:
        raise ImportRefused("Give one distinct key per person.")
    known = _existing(wanted, site) if shopper_ids is not None else {}
    missing = [key for key in wanted if key not in known]
    how = _how(importer, legal_basis, evidence_hash)
    mask = to_mask(frozenset(purposes) - {Purpose.NECESSARY})
    for start in range(0, len(missing), BATCH):
        now = timezone.now()
        made = [
            Shopper(id=key, site=site, is_imported=True, created_at=now)
            for key in missing[start : start + BATCH]
        ]
        with transaction.atomic():
            Shopper.objects.bulk_create(made, batch_size=500)
            _decide(made, site, mask, how)
        known |= {shopper.pk: shopper for shopper in made}
    return [known[key] for key in wanted]


def _decide(made: list[Shopper], site: Site, mask: int, how: Circumstances) -> None:
    now = made[0].created_at
    drafts = [draft(shopper.pk, Kind.IMPORTED, mask, 1, how) for shopper in made]
    states = [
        ConsentState(shopper=shopper, site=site, purposes=mask, sequence=0, decided_at=now)
        for shopper in made
    ]
    rows = append(site_id=site.pk, drafts=drafts, moment=now)
    for state, row in zip(states, rows, strict=True):
        state.sequence = row.sequence
    ConsentState.objects.bulk_create(states, batch_size=500)


def _existing(wanted: list[UUID], site: Site) -> dict[UUID, Shopper]:
    found: dict[UUID, Shopper] = {}
    for start in range(0, len(wanted), 500):
        found |= Shopper.objects.in_bulk(wanted[start : start + 500])
    if any(not shopper.is_imported or shopper.site_id != site.pk for shopper in found.values()):
        raise ImportRefused("A key belongs to somebody who was not imported here.")
    return found


def _check(importer: str, legal_basis: str, evidence_hash: str) -> None:
    if not importer.strip():
        raise ImportRefused("Say who imports these decisions.")
    if not _HASH.fullmatch(evidence_hash):
        raise ImportRefused("Give the SHA-256 of the evidence as 64 hex digits.")
    if not legal_basis.strip() and not settings.DEBUG:
        raise ImportRefused("Outside DEBUG, decisions are imported only with a legal basis.")


def _how(importer: str, legal_basis: str, evidence_hash: str) -> Circumstances:
    return Circumstances(
        actor="importer",
        source="import",
        details={
            "importer": importer,
            "legal_basis": legal_basis.strip() or DEMONSTRATION,
            "evidence_hash": evidence_hash,
        },
    )

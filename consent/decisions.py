"""Change what a shopper allows: the state row and the ledger together, or neither."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from consent.erasure.models import Erasure
from consent.ledger.append import append, subject_of
from consent.ledger.entry import Draft
from consent.ledger.models import Kind
from consent.people.models import ConsentState, Shopper
from consent.policies.models import PolicyVersion
from consent.purposes import Purpose, from_mask, to_mask
from consent.signals import consent_withdrawn


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a decision came about, as the ledger records it.

    ``actor`` is who decided ("shopper", "staff", "system", "importer"), ``source`` the place
    ("banner", "preferences", "api", "login", ...).
    """

    actor: str
    source: str
    language: str = ""
    gpc: bool = False
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal did: purposes withdrawn, the new generation, the deletion it began."""

    shopper_id: UUID
    purposes: frozenset[Purpose]
    generation: int
    erasure_id: int


def names(mask: int) -> str:
    """Return the purposes of ``mask`` as the ledger writes them: sorted, one space between."""
    return " ".join(sorted(from_mask(mask)))


def draft(
    shopper_id: UUID,
    kind: Kind,
    mask: int,
    generation: int,
    policy: PolicyVersion | None,
    how: Circumstances,
) -> Draft:
    """Return the ledger row of a decision, still without its place in the chain."""
    kid, subject = subject_of(shopper_id)
    return Draft(
        kid=kid,
        subject=subject,
        kind=kind.value,
        purposes=names(mask),
        generation=generation,
        policy=policy.hash if policy else "",
        language=policy.language if policy else how.language,
        source=how.source,
        gpc=how.gpc,
        actor=how.actor,
        details=how.details,
    )


@transaction.atomic
def open_shopper(
    *,
    site_id: int,
    user: Any,
    purposes: Collection[Purpose],
    policy: PolicyVersion,
    how: Circumstances,
) -> Shopper:
    """Create a shopper with a new random key who grants ``purposes``.

    Raises ``IntegrityError`` when the account already has a shopper on the site.
    """
    now = timezone.now()
    shopper = Shopper.objects.create(
        id=uuid.uuid4(),
        site_id=site_id,
        user=user,
        was_linked=user is not None,
        created_at=now,
    )
    mask = to_mask(purposes)
    row = append(
        site_id=site_id,
        drafts=[draft(shopper.pk, Kind.GRANTED, mask, 1, policy, how)],
        moment=now,
    )[0]
    ConsentState.objects.create(
        shopper=shopper,
        site_id=site_id,
        purposes=mask,
        sequence=row.sequence,
        policy=policy,
        decided_at=now,
    )
    return shopper


def lock_state(shopper_id: UUID) -> ConsentState | None:
    """Return the state row, locked ``FOR UPDATE`` until the transaction ends."""
    states = ConsentState.objects.select_for_update(of=("self",))
    return states.select_related("policy").filter(pk=shopper_id).first()


@transaction.atomic
def grant(
    *, shopper_id: UUID, purposes: Collection[Purpose], policy: PolicyVersion, how: Circumstances
) -> bool:
    """Add ``purposes`` to what a shopper allows; return whether anything was new.

    A shopper with nothing in force, or with a deletion still due, is not granted anything: what
    was stored before a withdrawal must never be read under a later grant. The caller makes a new
    shopper then. Raises ``LookupError``.
    """
    state = lock_state(shopper_id)
    if state is None or not state.purposes or Erasure.objects.due().filter(shopper=shopper_id):
        raise LookupError("This shopper cannot be granted anything.")
    mask = state.purposes | to_mask(purposes)
    if mask == state.purposes and state.policy_id == policy.pk:
        return False
    _decide(state, Kind.CHANGED, mask, policy, how)
    return True


@transaction.atomic
def close(
    *,
    shopper_id: UUID,
    purposes: Collection[Purpose],
    how: Circumstances,
    kind: Kind = Kind.WITHDRAWN,
) -> Withdrawal | None:
    """Withdraw ``purposes`` and note that what was held for them must be deleted.

    From the commit on no gate grants them. A kind of ``ERASED`` also covers what is held
    without consent, and is recorded even where nothing was in force. Returns None when there is
    no such shopper or nothing to withdraw.
    """
    state = lock_state(shopper_id)
    if state is None:
        return None
    withdrawn = from_mask(state.purposes & to_mask(purposes))
    if not withdrawn and kind is not Kind.ERASED:
        return None
    now = timezone.now()
    state.generation += 1
    covers = set(purposes) if kind is Kind.ERASED else withdrawn
    erasure = Erasure.objects.create(
        site_id=state.site_id, shopper_id=shopper_id, purposes=to_mask(covers), requested_at=now
    )
    _decide(state, kind, state.purposes & ~to_mask(purposes), state.policy, how)
    transaction.on_commit(
        partial(
            consent_withdrawn.send_robust,
            sender=ConsentState,
            shopper_id=shopper_id,
            purposes=withdrawn,
            generation=state.generation,
        )
    )
    return Withdrawal(shopper_id, withdrawn, state.generation, erasure.pk)


@transaction.atomic
def link(*, shopper_id: UUID, user: Any, how: Circumstances) -> bool:
    """Give a browser's shopper to an account; return whether it was possible.

    Impossible when the shopper ever belonged to an account, was imported, allows nothing, or
    awaits deletion. Raises ``IntegrityError`` when the account already has a shopper.
    """
    state = lock_state(shopper_id)
    shopper = Shopper.objects.filter(pk=shopper_id, was_linked=False, is_imported=False).first()
    if state is None or shopper is None or not state.purposes:
        return False
    if Erasure.objects.due().filter(shopper=shopper_id).exists():
        return False
    shopper.user, shopper.was_linked = user, True
    shopper.save(update_fields=["user", "was_linked"])
    _decide(state, Kind.LINKED, state.purposes, state.policy, how)
    return True


def _decide(
    state: ConsentState, kind: Kind, mask: int, policy: PolicyVersion | None, how: Circumstances
) -> None:
    """Write a decision to the locked state row and, last, to the ledger."""
    now = timezone.now()
    state.purposes, state.policy, state.decided_at = mask, policy, now
    entry = draft(state.shopper_id, kind, mask, state.generation, policy, how)
    state.sequence = append(site_id=state.site_id, drafts=[entry], moment=now)[0].sequence
    state.save()

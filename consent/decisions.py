"""Change what a shopper allows: the state row and the ledger together, or neither."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import router, transaction
from django.utils import timezone

from consent.erasure.models import Erasure
from consent.gate_cache.store import Decided, shut
from consent.ledger.append import append, subject_of
from consent.ledger.entry import Draft
from consent.ledger.models import Kind
from consent.people.models import ConsentState, Shopper
from consent.people.turns import take_turn
from consent.policies.fence import hold_decision, hold_site, required_number
from consent.policies.models import PolicyVersion
from consent.purposes import GPC_BLOCKED, Purpose, from_mask, to_mask
from consent.signals import consent_withdrawn


class SeenElsewhere(ValueError):  # noqa: N818
    """The person decided since the page was made: show the choice again, change nothing."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a decision came about, as the ledger records it.

    ``actor`` is who decided ("shopper", "staff", "system", "importer"), ``source`` the place
    ("banner", "preferences", "api", "login", ...). ``shown`` is the policy text the person had
    before them; where nobody was shown one, ``language`` is what they were addressed in.
    """

    actor: str
    source: str
    shown: PolicyVersion | None = None
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
        policy=how.shown.hash if how.shown else "",
        language=how.shown.language if how.shown else how.language,
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
    confirmed: Collection[Purpose] = (),
) -> Shopper:
    """Create a shopper with a new random key who grants ``purposes``.

    ``confirmed`` are those granted a second time against Global Privacy Control. Raises
    ``PolicyOutdated``, and ``IntegrityError`` when the account already has a shopper on the site.
    """
    hold_decision(policy)
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
        drafts=[draft(shopper.pk, Kind.GRANTED, mask, 1, replace(how, shown=policy))],
    )[0]
    ConsentState.objects.create(
        shopper=shopper,
        site_id=site_id,
        purposes=mask,
        sequence=row.sequence,
        policy=policy,
        decided_at=row.recorded_at,
        confirmed=to_mask(confirmed),
    )
    return shopper


def lock_state(shopper_id: UUID) -> ConsentState | None:
    """Return the state row, locked ``FOR UPDATE`` until the transaction ends."""
    take_turn(transaction.get_connection(router.db_for_write(ConsentState)), shopper_id)
    states = ConsentState.objects.select_for_update(of=("self",))
    return states.select_related("policy").filter(pk=shopper_id).first()


@transaction.atomic
def grant(
    *,
    shopper_id: UUID,
    purposes: Collection[Purpose],
    policy: PolicyVersion,
    how: Circumstances,
    confirmed: Collection[Purpose] = (),
    generation: int | None = None,
) -> bool:
    """Add ``purposes`` to what a shopper allows; return whether anything was new.

    A shopper who allows nothing, or with a deletion still due, is not granted anything: what
    was stored before a withdrawal must never be read under a later grant. Nor is one with a
    suspended purpose that is not granted anew: it must be withdrawn first. The caller makes a new
    shopper then. ``generation`` is the one the person had before them, None where they saw none.
    Raises ``LookupError``, ``PolicyOutdated``, and ``SeenElsewhere`` in another generation.
    """
    hold_decision(policy)
    state = lock_state(shopper_id)
    if generation is not None and (state is None or state.generation != generation):
        raise SeenElsewhere
    if state is None or state.is_closed or Erasure.objects.due().filter(shopper=shopper_id):
        raise LookupError("This shopper cannot be granted anything.")
    if state.suspended & ~to_mask(purposes):
        raise LookupError("A suspended purpose is not among those granted.")
    mask = state.purposes | to_mask(purposes)
    insisted = state.confirmed | to_mask(confirmed)
    is_same = mask == state.purposes and insisted == state.confirmed
    if is_same and state.policy_id == policy.pk:
        return False
    if state.suspended:
        state.generation += 1
        state.suspended, state.suspended_at = 0, None
    state.confirmed = insisted
    _decide(state, Kind.CHANGED, mask, policy, replace(how, shown=policy))
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

    From the commit on no gate grants them; suspended ones are withdrawn like those in force. A
    kind of ``ERASED`` also covers what is held without consent, and is recorded even where
    nothing was in force. Returns None when there is no such shopper or nothing to withdraw.
    """
    state = lock_state(shopper_id)
    if state is None:
        return None
    mask = to_mask(purposes)
    withdrawn = from_mask((state.purposes | state.suspended) & mask)
    if not withdrawn and kind is not Kind.ERASED:
        return None
    now = timezone.now()
    state.generation += 1
    state.suspended &= ~mask
    state.suspended_at = state.suspended_at if state.suspended else None
    state.confirmed &= ~mask
    covers = set(purposes) if kind is Kind.ERASED else withdrawn
    erasure = Erasure.objects.create(
        site_id=state.site_id, shopper_id=shopper_id, purposes=to_mask(covers), requested_at=now
    )
    rest = state.purposes & ~mask
    is_no = not rest and not state.suspended
    _decide(state, kind, rest, (how.shown if is_no else None) or state.policy, how)
    _tell(state, withdrawn)
    return Withdrawal(shopper_id, withdrawn, state.generation, erasure.pk)


def close_for_good(*, shopper_id: UUID, how: Circumstances) -> Withdrawal | None:
    """Withdraw everything and note that all that is held must be deleted; see `close`."""
    everything = frozenset(Purpose)
    return close(shopper_id=shopper_id, purposes=everything, how=how, kind=Kind.ERASED)


@transaction.atomic
def part(*, shopper_id: UUID, how: Circumstances) -> Withdrawal | None:
    """Take a shopper from its account, if it has one, and close it for good; see `close`.

    What the account itself needs, its orders and basket, is no longer reached by the shopper and
    stays with the account.
    """
    lock_state(shopper_id)
    Shopper.objects.filter(pk=shopper_id).update(user=None)
    return close_for_good(shopper_id=shopper_id, how=how)


@transaction.atomic
def repeat_no(*, shopper_id: UUID, how: Circumstances) -> None:
    """Note that a shopper who allows nothing said no again, and to which text: it holds anew.

    Nothing is withdrawn by it, so the ledger has nothing to add.
    """
    state = lock_state(shopper_id)
    if state is not None and state.is_closed and how.shown is not None:
        state.policy, state.decided_at = how.shown, timezone.now()
        state.save(update_fields=["policy", "decided_at"])


@transaction.atomic
def restrict(*, shopper_id: UUID, how: Circumstances) -> bool:
    """Let everything a shopper allows rest, and keep what was recorded; return whether it did.

    From the commit on no gate grants anything. Unlike a changed text, a restriction has no date
    on which what is kept is deleted; that of what rests because of one ends with it.
    """
    state = lock_state(shopper_id)
    if state is None or not (state.purposes or state.suspended_at):
        return False
    resting = from_mask(state.purposes)
    state.generation += 1
    state.suspended |= state.purposes
    state.suspended_at = None
    state.confirmed = 0
    told = replace(how, details={**how.details, "restricted": names(state.suspended)})
    _decide(state, Kind.CHANGED, 0, state.policy, told)
    _tell(state, resting)
    return True


@transaction.atomic
def lift(*, shopper_id: UUID, how: Circumstances) -> bool:
    """End a restriction: what rested is in force again; return whether there was one.

    Where the text changed materially meanwhile it rests on, until the person decides on that.
    Purposes that Global Privacy Control keeps off stay resting while it is sent.
    """
    for site_id in ConsentState.objects.filter(pk=shopper_id).values_list("site_id", flat=True):
        hold_site(site_id=site_id)
    state = lock_state(shopper_id)
    if state is None or not state.is_restricted:
        return False
    if state.policy and state.policy.number < required_number(site_id=state.site_id):
        state.suspended_at = timezone.now()
        state.save(update_fields=["suspended_at"])
        return True
    kept_off = to_mask(GPC_BLOCKED) & state.suspended if how.gpc else 0
    mask = state.purposes | (state.suspended & ~kept_off)
    state.suspended = kept_off
    state.generation += 1
    _decide(state, Kind.CHANGED, mask, state.policy, how)
    return True


@transaction.atomic
def link(*, shopper_id: UUID, user: Any, how: Circumstances) -> bool:
    """Give a browser's shopper to an account; return whether it was possible.

    Impossible when the shopper ever belonged to an account, was imported, said no, or awaits
    deletion. A suspended one stays suspended. Raises ``IntegrityError`` when the account already
    has a shopper.
    """
    state = lock_state(shopper_id)
    shopper = Shopper.objects.filter(pk=shopper_id, was_linked=False, is_imported=False).first()
    if state is None or shopper is None or state.is_closed:
        return False
    if Erasure.objects.due().filter(shopper=shopper_id).exists():
        return False
    shopper.user, shopper.was_linked = user, True
    shopper.save(update_fields=["user", "was_linked"])
    _decide(state, Kind.LINKED, state.purposes, state.policy, how)
    return True


@transaction.atomic
def merge(*, shopper_id: UUID, heir_id: UUID, how: Circumstances) -> Withdrawal | None:
    """Close a browser's shopper for good, and note that an account's shopper inherits.

    What both allow at this moment moves, the rest is deleted with the shopper. Both get a row in
    the ledger; the heir's names the subject whose decisions the moved rows rest on. Any later
    withdrawal of the heir ends the move. Returns None, and nothing changes, where the shopper ever
    belonged to an account or was imported, where one of the two does not allow what the history
    is kept for, or something of them is being deleted.
    """
    states = {key: lock_state(key) for key in sorted((shopper_id, heir_id), key=attrgetter("int"))}
    state, heir = states[shopper_id], states[heir_id]
    own = Shopper.objects.filter(pk=shopper_id, user=None, was_linked=False, is_imported=False)
    accounts = Shopper.objects.filter(pk=heir_id, user__isnull=False)
    if state is None or heir is None or state.site_id != heir.site_id:
        return None
    if not own.exists() or not accounts.exists():
        return None
    both = state.purposes & heir.purposes
    if not both & Purpose.ANALYTICS.bit:
        return None
    if Erasure.objects.due().filter(shopper__in=[shopper_id, heir_id]).exists():
        return None
    kid, subject = subject_of(shopper_id)
    told = replace(how, details={**how.details, "history_of": subject, "history_kid": kid})
    _decide(heir, Kind.LINKED, heir.purposes, heir.policy, told)
    closed = close_for_good(shopper_id=shopper_id, how=how)
    if closed is not None:
        Erasure.objects.filter(pk=closed.erasure_id).update(heir=heir_id, heir_purposes=both)
    return closed


def _decide(
    state: ConsentState, kind: Kind, mask: int, policy: PolicyVersion | None, how: Circumstances
) -> None:
    """Write a decision to the locked state row and, last, to the ledger.

    What Redis keeps of the person is shut before anything can commit, and once more afterwards
    where it could not be reached.
    """
    _shut(state)
    entry = draft(state.shopper_id, kind, mask, state.generation, how)
    row = append(site_id=state.site_id, drafts=[entry])[0]
    state.purposes, state.policy = mask, policy
    state.sequence, state.decided_at = row.sequence, row.recorded_at
    state.save()


def _tell(state: ConsentState, withdrawn: frozenset[Purpose]) -> None:
    """Tell the other floors, after the commit, what is not allowed any more."""
    transaction.on_commit(
        partial(
            consent_withdrawn.send_robust,
            sender=ConsentState,
            shopper_id=state.shopper_id,
            purposes=withdrawn,
            generation=state.generation,
        )
    )


def _shut(state: ConsentState) -> None:
    decided = Decided(state.shopper_id, state.generation, state.sequence)
    if not shut([decided]):
        transaction.on_commit(partial(shut, [decided]))

"""Write what people decide. The door for every other floor and for the host."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from consent import cookies, decisions
from consent.accounts import attach, decline_offer, discard, link_browser, separate_account
from consent.circumstances import circumstances_of
from consent.conf import consent_settings
from consent.decisions import Circumstances, Withdrawal
from consent.erasure.begin import begin, leave
from consent.erasure.models import Erasure
from consent.erasure.run import run
from consent.grant_limit import count_grant
from consent.imports import ImportRefused, import_decision, import_decisions
from consent.minors import require_no_minor
from consent.people.counts import count_choice
from consent.people.models import ConsentState, Shopper
from consent.policies.fence import PolicyOutdated, hold_decision, require_current
from consent.policies.models import PolicyVersion
from consent.policies.selectors import current_policy, fresh_notice
from consent.purposes import (
    BANNER_PURPOSES,
    GPC_BLOCKED,
    OPTIONAL_PURPOSES,
    Purpose,
    from_mask,
)
from consent.selectors import person_of, state_of, user_of
from consent.visit import Visit, write_visit
from consent.visitor import Level, replace_visitor, visitor_of

__all__ = [
    "ImportRefused",
    "change_purposes",
    "confirm_purposes",
    "decline_offer",
    "discard",
    "erase",
    "grant_remember",
    "import_decision",
    "import_decisions",
    "link_browser",
    "put_news_away",
    "refuse",
    "separate_account",
    "start_visit",
    "withdraw",
]


def grant_remember(
    *,
    request: HttpRequest,
    purposes: Collection[Purpose] = BANNER_PURPOSES,
    source: str = "banner",
    policy: PolicyVersion | None = None,
    confirmed: Collection[Purpose] = (),
    generation: int | None = None,
) -> Shopper:
    """Let the shop remember the person behind ``request`` for ``purposes``.

    Adds to what a remembered person allows. Anybody else, and anybody whose data is being or was
    deleted, becomes a new shopper with a new key, so nothing recorded before is ever read again.
    What a person allowed on an older text and does not allow now ends with the decision. Purposes
    that Global Privacy Control blocks are left out while it is sent, but for the ``confirmed``
    ones, which the person allowed a second time, knowing that.

    ``policy`` is the version that was shown (default: the current one), ``generation`` what
    `consent.seen.require_seen` returned for the form. Raises ``PolicyOutdated`` when a material
    change has replaced the text, ``SeenElsewhere`` when the person withdrew since, ``NoProfile``
    for a minor, ``TooManyGrants`` past the limit of the network.
    """
    require_no_minor(request)
    count_grant(request)
    visitor = visitor_of(request)
    insisted = frozenset(confirmed) & GPC_BLOCKED if visitor.gpc else frozenset()
    allowed = _allowed(purposes, visitor.gpc) | (insisted & frozenset(purposes))
    grant = Grant(
        user=user_of(request),
        purposes=allowed,
        policy=policy or current_policy(site_id=visitor.site_id),
        how=circumstances_of(request, source, policy, confirmed=insisted),
        confirmed=insisted,
        generation=generation,
    )
    require_current(grant.policy)
    grant = _end_what_rests(request, grant)
    try:
        shopper = _remembered(request, grant)
    except IntegrityError:
        shopper = _remembered(request, grant)
    if visitor.offer is not None and visitor.offer != shopper.pk:
        discard(shopper_id=visitor.offer, source=source)
    attach(request, shopper)
    count_choice(site_id=visitor.site_id, choice=Level.REMEMBER)
    return shopper


def start_visit(
    *, request: HttpRequest, source: str = "banner", policy: PolicyVersion | None = None
) -> Visit:
    """Keep this visit's products in the browser alone.

    A person remembered until now is forgotten as in ``refuse``. Raises ``PolicyOutdated`` when a
    material change has replaced ``policy``, the version that was shown, ``NoProfile`` for a minor.
    """
    require_no_minor(request)
    visitor = visitor_of(request)
    if policy is not None:
        require_current(policy)
    visit = visitor.visit if visitor.level is Level.VISIT else None
    _stop(request, source, policy)
    visit = visit or _begin(visitor.site_id, policy)
    write_visit(request, visit)
    count_choice(site_id=visitor.site_id, choice=Level.VISIT)
    return visit


def refuse(
    *, request: HttpRequest, source: str = "banner", policy: PolicyVersion | None = None
) -> None:
    """Switch recommendations from history off, and delete what was recorded for them.

    The browser keeps a note without identifier; the server adds one to an hourly count.
    ``policy`` is the version that was shown (default: the current one).
    """
    visitor = visitor_of(request)
    _stop(request, source, policy)
    number = current_policy(site_id=visitor.site_id).number
    note = cookies.set_off(request, number)
    replace_visitor(request, level=Level.OFF, choice=note)
    count_choice(site_id=visitor.site_id, choice=Level.OFF)


def change_purposes(
    *,
    request: HttpRequest,
    purposes: Collection[Purpose],
    source: str = "preferences",
    policy: PolicyVersion | None = None,
    confirmed: Collection[Purpose] = (),
    generation: int | None = None,
) -> frozenset[Purpose]:
    """Set the offered purposes of a remembered person to exactly ``purposes``.

    Purposes that have no switch of their own on the preferences page stay as they are. Setting
    none is a refusal; setting some for a person not remembered yet lets the shop remember them.
    Returns those that Global Privacy Control kept off: they need to be ``confirmed``. See
    `grant_remember` for ``policy`` and ``generation``; what is switched off is off all the same.
    """
    offered = {Purpose(name) for name in consent_settings.OFFERED_PURPOSES}
    shopper_id = person_of(request=request)
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    in_force = state.granted if state else frozenset()
    insisted = from_mask(state.confirmed) if state else frozenset()
    kept_off = frozenset[Purpose]()
    if visitor_of(request).gpc:
        kept_off = (frozenset(purposes) & offered & GPC_BLOCKED) - insisted - frozenset(confirmed)
    wanted = (set(purposes) & offered) - kept_off
    if not wanted and not in_force - offered:
        if in_force or not kept_off:
            refuse(request=request, source=source, policy=policy)
        return kept_off
    dropped = (in_force & offered) - wanted - kept_off
    if dropped and shopper_id is not None:
        how = circumstances_of(request, source, policy)
        closed = begin(decisions.close(shopper_id=shopper_id, purposes=dropped, how=how))
        generation = _followed(generation, closed)
    new = wanted - in_force or set(confirmed) & wanted - insisted
    if new or shopper_id is None:
        grant_remember(
            request=request,
            purposes=wanted,
            source=source,
            policy=policy,
            confirmed=(frozenset(confirmed) | insisted) & wanted,
            generation=generation,
        )
    elif shopper_id != visitor_of(request).shopper_id:
        attach(request, Shopper.objects.get(pk=shopper_id))
    return kept_off


def confirm_purposes(
    *,
    request: HttpRequest,
    purposes: Collection[Purpose],
    source: str = "confirmation",
    policy: PolicyVersion | None = None,
    generation: int | None = None,
) -> frozenset[Purpose]:
    """Grant ``purposes`` a second time although Global Privacy Control is sent, as asked.

    Everything else stays as it is. See `change_purposes`, which kept them off.
    """
    shopper_id = person_of(request=request)
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    in_force = state.granted if state else frozenset()
    return change_purposes(
        request=request,
        purposes=in_force | frozenset(purposes),
        source=source,
        policy=policy,
        confirmed=purposes,
        generation=generation,
    )


def put_news_away(*, request: HttpRequest) -> None:
    """Show the news of the current policy version no more to the remembered person who asks."""
    shopper_id = person_of(request=request)
    number = fresh_notice(site_id=visitor_of(request).site_id).number
    states = ConsentState.objects.filter(pk=shopper_id, seen_policy__lt=number)
    states.update(seen_policy=number)


def withdraw(
    *,
    shopper_id: UUID,
    purposes: Collection[Purpose] = OPTIONAL_PURPOSES,
    actor: str,
    source: str = "api",
    policy: PolicyVersion | None = None,
    language: str = "",
    gpc: bool = False,
) -> Withdrawal | None:
    """Withdraw ``purposes`` of a shopper and delete what was held for them.

    Once it returns (and a surrounding transaction commits) no gate grants them. Up to
    ``ERASE_ROWS`` rows are deleted now, the rest by a task. ``policy`` is the version the person
    was shown, ``language`` what they were addressed in where there was none. Returns None when
    none of them was in force.
    """
    how = Circumstances(actor=actor, source=source, shown=policy, language=language, gpc=gpc)
    return begin(decisions.close(shopper_id=shopper_id, purposes=purposes, how=how))


def erase(
    *,
    shopper_id: UUID,
    actor: str,
    source: str = "rights",
    policy: PolicyVersion | None = None,
    language: str = "",
    gpc: bool = False,
) -> Withdrawal | None:
    """Withdraw everything and delete all that is held, the shopper's own rows included.

    See `withdraw` for what the record says of it.
    """
    how = Circumstances(actor=actor, source=source, shown=policy, language=language, gpc=gpc)
    return begin(decisions.close_for_good(shopper_id=shopper_id, how=how))


def _begin(site_id: int, policy: PolicyVersion | None) -> Visit:
    """Begin a visit; never, by the clock of a second, before the text it was chosen on.

    Raises ``PolicyOutdated`` when a material change came after ``policy``. One that comes later
    than this reading ends the visit: it began before.
    """
    visit = Visit.begin()
    notice = fresh_notice(site_id=site_id)
    if policy is not None and policy.number < notice.required:
        raise PolicyOutdated(f"Version {policy.number} of the policy is outdated.")
    if notice.required_at is None:
        return visit
    return replace(visit, started_at=max(visit.started_at, ceil(notice.required_at.timestamp())))


class Grant(NamedTuple):
    """What somebody allows: who (an account or nobody), for what, on which text, and how.

    ``generation`` is the one they had before them; None where they were not remembered.
    """

    user: Any
    purposes: frozenset[Purpose]
    policy: PolicyVersion
    how: Circumstances
    confirmed: frozenset[Purpose]
    generation: int | None


def _end_what_rests(request: HttpRequest, grant: Grant) -> Grant:
    """Withdraw what the person allowed on an older text and does not allow anew."""
    shopper_id = person_of(request=request)
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    ended = state.resting - grant.purposes if state else frozenset()
    if ended and shopper_id is not None:
        closed = begin(decisions.close(shopper_id=shopper_id, purposes=ended, how=grant.how))
        return grant._replace(generation=_followed(grant.generation, closed))
    return grant


def _followed(generation: int | None, closed: Withdrawal | None) -> int | None:
    """Return the generation after a withdrawal of one's own; another one's between stays unseen."""
    if generation is None or closed is None or closed.generation != generation + 1:
        return generation
    return closed.generation


@transaction.atomic
def _remembered(request: HttpRequest, grant: Grant) -> Shopper:
    """Return the person's shopper with the purposes granted, making a new one where needed.

    Decisions of one account wait for each other: an account has one shopper. The fence of the
    policy is held before any state row is locked.
    """
    hold_decision(grant.policy)
    site_id = visitor_of(request).site_id
    if grant.user is not None:
        accounts = get_user_model()._default_manager.select_for_update(no_key=True)
        accounts.filter(pk=grant.user.pk).values_list("pk").first()
    values = grant._asdict()
    user, generation = values.pop("user"), values.pop("generation")
    shopper_id = person_of(request=request)
    if shopper_id is None and generation is not None:
        raise decisions.SeenElsewhere
    if shopper_id is not None:
        try:
            decisions.grant(shopper_id=shopper_id, generation=generation, **values)
            return Shopper.objects.get(pk=shopper_id)
        except LookupError:
            _replace(shopper_id)
    return decisions.open_shopper(site_id=site_id, user=user, **values)


def _replace(shopper_id: UUID) -> None:
    """Take a shopper out of the way of a new one: unlink it, and close it if it is open.

    A deletion of everything is finished first, while the account's rows are found by the shopper.
    The state row is locked before the shopper's, as everywhere.
    """
    for erasure in Erasure.objects.due().filter(shopper=shopper_id):
        if erasure.purposes & Purpose.NECESSARY.bit:
            run(erasure_id=erasure.pk)
    state = decisions.lock_state(shopper_id)
    Shopper.objects.filter(pk=shopper_id).update(user=None)
    if state is not None and not state.is_closed:
        how = Circumstances(actor="system", source="replaced")
        closed = decisions.close(shopper_id=shopper_id, purposes=OPTIONAL_PURPOSES, how=how)
        leave(closed)
    elif not Erasure.objects.due().filter(shopper=shopper_id).exists():
        Shopper.objects.filter(pk=shopper_id).delete()


def _stop(request: HttpRequest, source: str, policy: PolicyVersion | None) -> None:
    """Withdraw everything the person behind ``request`` allowed, here and in the account."""
    visitor = visitor_of(request)
    shopper_id = person_of(request=request)
    if shopper_id is not None:
        how = circumstances_of(request, source, policy)
        closed = decisions.close(shopper_id=shopper_id, purposes=OPTIONAL_PURPOSES, how=how)
        if begin(closed) is None:
            decisions.repeat_no(shopper_id=shopper_id, how=how)
    if visitor.offer is not None:
        discard(shopper_id=visitor.offer, source=source)


def _allowed(purposes: Collection[Purpose], gpc: bool) -> frozenset[Purpose]:
    allowed = frozenset(purposes) - {Purpose.NECESSARY}
    return allowed - GPC_BLOCKED if gpc else allowed

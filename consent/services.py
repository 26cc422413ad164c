"""Write what people decide. The door for every other floor and for the host."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from consent import cookies, decisions
from consent.conf import consent_settings
from consent.decisions import Circumstances, Withdrawal
from consent.enqueue import enqueue
from consent.erasure.models import Erasure
from consent.erasure.run import run_quietly
from consent.imports import ImportRefused, import_decision, import_decisions
from consent.ledger.models import Kind
from consent.minors import require_no_minor
from consent.people.counts import count_choice
from consent.people.models import ConsentState, Shopper
from consent.policies.fence import require_current
from consent.policies.models import PolicyVersion
from consent.policies.selectors import current_policy, fresh_notice
from consent.purposes import (
    BANNER_PURPOSES,
    GPC_BLOCKED,
    OPTIONAL_PURPOSES,
    Purpose,
    from_mask,
)
from consent.selectors import account_shopper, person_of, state_of, user_of
from consent.tasks import finish_erasure
from consent.visit import Visit, write_visit
from consent.visitor import Level, replace_visitor, sign_key, user_key_of, visitor_of

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

logger = logging.getLogger(__name__)


def grant_remember(
    *,
    request: HttpRequest,
    purposes: Collection[Purpose] = BANNER_PURPOSES,
    source: str = "banner",
    policy: PolicyVersion | None = None,
    confirmed: Collection[Purpose] = (),
) -> Shopper:
    """Let the shop remember the person behind ``request`` for ``purposes``.

    Adds to what a remembered person allows. Anybody else, and anybody whose data is being or was
    deleted, becomes a new shopper with a new key, so nothing recorded before is ever read again.
    What a person allowed on an older text and does not allow now ends with the decision. Purposes
    that Global Privacy Control blocks are left out while it is sent, but for the ``confirmed``
    ones, which the person allowed a second time, knowing that.

    ``policy`` is the version that was shown (default: the current one). Raises
    ``PolicyOutdated`` when a material change has replaced it, ``NoProfile`` for a minor.
    """
    require_no_minor(request)
    visitor = visitor_of(request)
    insisted = frozenset(confirmed) & GPC_BLOCKED if visitor.gpc else frozenset()
    allowed = _allowed(purposes, visitor.gpc) | (insisted & frozenset(purposes))
    grant = Grant(
        user=user_of(request),
        purposes=allowed,
        policy=policy or current_policy(site_id=visitor.site_id),
        how=_how(request, source, policy, confirmed=insisted),
        confirmed=insisted,
    )
    require_current(grant.policy)
    _end_what_rests(request, grant)
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
    visit = visit or _begin(visitor.site_id)
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
) -> frozenset[Purpose]:
    """Set the offered purposes of a remembered person to exactly ``purposes``.

    Purposes that have no switch of their own on the preferences page stay as they are. Setting
    none is a refusal; setting some for a person not remembered yet lets the shop remember them.
    Returns those that Global Privacy Control kept off: they need to be ``confirmed``. See
    `grant_remember` for ``policy``.
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
        how = _how(request, source, policy)
        _finish(decisions.close(shopper_id=shopper_id, purposes=dropped, how=how))
    new = wanted - in_force or set(confirmed) & wanted - insisted
    if new or shopper_id is None:
        grant_remember(
            request=request,
            purposes=wanted,
            source=source,
            policy=policy,
            confirmed=(frozenset(confirmed) | insisted) & wanted,
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
    return _finish(decisions.close(shopper_id=shopper_id, purposes=purposes, how=how))


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
    return _finish(
        decisions.close(
            shopper_id=shopper_id, purposes=frozenset(Purpose), how=how, kind=Kind.ERASED
        )
    )


def discard(*, shopper_id: UUID, source: str) -> None:
    """Close and delete a browser's history that nobody can reach any longer.

    An account's shopper is left alone: its account still reaches it.
    """
    if Shopper.objects.filter(pk=shopper_id, user__isnull=True).exists():
        how = Circumstances(actor="system", source=source)
        _finish(
            decisions.close(
                shopper_id=shopper_id, purposes=frozenset(Purpose), how=how, kind=Kind.ERASED
            )
        )


def link_browser(*, request: HttpRequest, source: str = "preferences") -> bool:
    """Give the history this browser offers to the account that is logged in.

    An account without a history takes it over as it is; into one it moves row by row, and the
    browser's shopper is deleted. Returns whether the account has it now, or will once the move is
    finished. The history must never have belonged to another account.
    """
    visitor, user = visitor_of(request), user_of(request)
    if user is None or visitor.offer is None or visitor.age.forbids_profile:
        return False
    account = account_shopper(site_id=visitor.site_id, user=user)
    how = _how(request, source)
    if account is None:
        account = _link(visitor.offer, visitor.site_id, user, how)
    elif account.pk != visitor.offer and not _merge(visitor.offer, account.pk, how):
        return False
    if account is None:
        return False
    attach(request, account)
    return True


def decline_offer(*, request: HttpRequest, source: str = "preferences") -> bool:
    """Delete the history this browser offers; return whether there was one."""
    visitor = visitor_of(request)
    if visitor.offer is None:
        return False
    discard(shopper_id=visitor.offer, source=source)
    cookies.drop_offer(request)
    if visitor.is_offer_new:
        cookies.drop_key(request)
    visitor.offer = None
    return True


def separate_account(*, request: HttpRequest, source: str = "preferences") -> bool:
    """Delete the history of the account that is logged in, so that it has none and said nothing.

    Unlike a refusal this is no answer: the account is asked again. Returns whether there was one.
    """
    user = user_of(request)
    if user is None:
        return False
    account = account_shopper(site_id=visitor_of(request).site_id, user=user)
    if account is None:
        return False
    how = _how(request, source)
    with transaction.atomic():
        decisions.lock_state(account.pk)
        Shopper.objects.filter(pk=account.pk).update(user=None)
        closed = decisions.close(
            shopper_id=account.pk, purposes=frozenset(Purpose), how=how, kind=Kind.ERASED
        )
    _finish(closed)
    cookies.drop_identity(request)
    replace_visitor(request, level=Level.UNDECIDED)
    return True


def _link(shopper_id: UUID, site_id: int, user: Any, how: Circumstances) -> Shopper | None:
    """Give a browser's shopper to an account without one; None where that is impossible."""
    shopper = Shopper.objects.filter(pk=shopper_id, site_id=site_id).first()
    try:
        if shopper is not None and decisions.link(shopper_id=shopper.pk, user=user, how=how):
            return shopper
    except IntegrityError:
        pass  # another browser of the account was faster
    return None


def _merge(shopper_id: UUID, account_id: UUID, how: Circumstances) -> bool:
    """Move a browser's history into the account's; True also where that is under way already."""
    closed = _finish(decisions.merge(shopper_id=shopper_id, heir_id=account_id, how=how))
    if closed is not None:
        return True
    return Erasure.objects.filter(shopper=shopper_id, heir=account_id).exists()


def attach(request: HttpRequest, shopper: Shopper) -> None:
    """Give the browser the key of ``shopper``, valid for the account logged in, or for nobody.

    Raises ``ValueError`` for an imported shopper: no browser ever holds its key.
    """
    if shopper.is_imported:
        raise ValueError("An imported shopper has no browser.")
    cookies.set_key(request, sign_key(shopper.pk, user_key_of(request)))
    replace_visitor(request, level=Level.REMEMBER, shopper_id=shopper.pk)


def _begin(site_id: int) -> Visit:
    """Begin a visit; never, by the clock of a second, before the text it was chosen on."""
    visit = Visit.begin()
    since = fresh_notice(site_id=site_id).required_at
    if since is None:
        return visit
    return replace(visit, started_at=max(visit.started_at, ceil(since.timestamp())))


class Grant(NamedTuple):
    """What somebody allows: who (an account or nobody), for what, on which text, and how."""

    user: Any
    purposes: frozenset[Purpose]
    policy: PolicyVersion
    how: Circumstances
    confirmed: frozenset[Purpose]


def _end_what_rests(request: HttpRequest, grant: Grant) -> None:
    """Withdraw what the person allowed on an older text and does not allow anew."""
    shopper_id = person_of(request=request)
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    ended = state.resting - grant.purposes if state else frozenset()
    if ended and shopper_id is not None:
        _finish(decisions.close(shopper_id=shopper_id, purposes=ended, how=grant.how))


@transaction.atomic
def _remembered(request: HttpRequest, grant: Grant) -> Shopper:
    """Return the person's shopper with the purposes granted, making a new one where needed.

    Decisions of one account wait for each other: an account has one shopper.
    """
    site_id = visitor_of(request).site_id
    if grant.user is not None:
        accounts = get_user_model()._default_manager.select_for_update(no_key=True)
        accounts.filter(pk=grant.user.pk).values_list("pk").first()
    values = grant._asdict()
    user = values.pop("user")
    shopper_id = person_of(request=request)
    if shopper_id is not None:
        try:
            decisions.grant(shopper_id=shopper_id, **values)
            return Shopper.objects.get(pk=shopper_id)
        except LookupError:
            _replace(shopper_id)
    return decisions.open_shopper(site_id=site_id, user=user, **values)


def _replace(shopper_id: UUID) -> None:
    """Take a shopper out of the way of a new one: unlink it, and close it if it is open.

    The state row is locked before the shopper's, as everywhere.
    """
    state = decisions.lock_state(shopper_id)
    Shopper.objects.filter(pk=shopper_id).update(user=None)
    if state is not None and not state.is_closed:
        how = Circumstances(actor="system", source="replaced")
        closed = decisions.close(shopper_id=shopper_id, purposes=OPTIONAL_PURPOSES, how=how)
        if closed is not None:
            enqueue(finish_erasure, closed.erasure_id)
    elif not Erasure.objects.due().filter(shopper=shopper_id).exists():
        Shopper.objects.filter(pk=shopper_id).delete()


def _stop(request: HttpRequest, source: str, policy: PolicyVersion | None) -> None:
    """Withdraw everything the person behind ``request`` allowed, here and in the account."""
    visitor = visitor_of(request)
    shopper_id = person_of(request=request)
    if shopper_id is not None:
        how = _how(request, source, policy)
        closed = decisions.close(shopper_id=shopper_id, purposes=OPTIONAL_PURPOSES, how=how)
        if _finish(closed) is None:
            decisions.repeat_no(shopper_id=shopper_id, how=how)
    if visitor.offer is not None:
        discard(shopper_id=visitor.offer, source=source)


def _finish(closed: Withdrawal | None) -> Withdrawal | None:
    """Delete what fits in the request; leave the rest to a task."""
    if closed is not None:
        budget = consent_settings.ERASE_ROWS
        if not run_quietly(erasure_id=closed.erasure_id, budget=budget):
            enqueue(finish_erasure, closed.erasure_id)
    return closed


def _allowed(purposes: Collection[Purpose], gpc: bool) -> frozenset[Purpose]:
    allowed = frozenset(purposes) - {Purpose.NECESSARY}
    return allowed - GPC_BLOCKED if gpc else allowed


def _how(
    request: HttpRequest,
    source: str,
    policy: PolicyVersion | None = None,
    confirmed: Collection[Purpose] = (),
) -> Circumstances:
    """Tell how a person decided on one of our own pages: each shows a version of the policy."""
    visitor = visitor_of(request)
    return Circumstances(
        actor="shopper",
        source=source,
        shown=policy or current_policy(site_id=visitor.site_id),
        gpc=visitor.gpc,
        details={"confirmed": " ".join(sorted(confirmed))} if confirmed else {},
    )

"""Write what people decide. The door for every other floor and for the host."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any
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
from consent.people.counts import count_choice
from consent.people.models import Shopper
from consent.policies.models import PolicyVersion
from consent.policies.selectors import current_policy
from consent.purposes import BANNER_PURPOSES, GPC_BLOCKED, OPTIONAL_PURPOSES, Purpose
from consent.selectors import account_shopper, person_of, state_of, user_of
from consent.tasks import finish_erasure
from consent.visit import Visit, write_visit
from consent.visitor import Level, replace_visitor, sign_key, user_key_of, visitor_of

__all__ = [
    "ImportRefused",
    "change_purposes",
    "discard",
    "erase",
    "grant_remember",
    "import_decision",
    "import_decisions",
    "link_browser",
    "refuse",
    "start_visit",
    "withdraw",
]

logger = logging.getLogger(__name__)


def grant_remember(
    *,
    request: HttpRequest,
    purposes: Collection[Purpose] = BANNER_PURPOSES,
    source: str = "banner",
) -> Shopper:
    """Let the shop remember the person behind ``request`` for ``purposes``.

    Adds to what a remembered person allows. Anybody else, and anybody whose data is being or was
    deleted, becomes a new shopper with a new key, so nothing recorded before is ever read again.
    Purposes that Global Privacy Control blocks are left out while it is sent.
    """
    visitor = visitor_of(request)
    user = user_of(request)
    allowed = _allowed(purposes, visitor.gpc)
    policy = current_policy(site_id=visitor.site_id)
    how = _how(request, source)
    try:
        shopper = _remembered(request, user, allowed, policy, how)
    except IntegrityError:
        shopper = _remembered(request, user, allowed, policy, how)
    if visitor.offer is not None and visitor.offer != shopper.pk:
        discard(shopper_id=visitor.offer, source=source)
    attach(request, shopper)
    count_choice(site_id=visitor.site_id, choice=Level.REMEMBER)
    return shopper


def start_visit(*, request: HttpRequest, source: str = "banner") -> Visit:
    """Keep this visit's products in the browser alone.

    A person remembered until now is forgotten as in ``refuse``.
    """
    visitor = visitor_of(request)
    visit = visitor.visit if visitor.level is Level.VISIT else None
    _stop(request, source)
    visit = visit or Visit.begin()
    write_visit(request, visit)
    count_choice(site_id=visitor.site_id, choice=Level.VISIT)
    return visit


def refuse(*, request: HttpRequest, source: str = "banner") -> None:
    """Switch recommendations from history off, and delete what was recorded for them.

    The browser keeps a note without identifier; the server adds one to an hourly count.
    """
    visitor = visitor_of(request)
    _stop(request, source)
    number = current_policy(site_id=visitor.site_id).number
    note = cookies.set_off(request, number)
    replace_visitor(request, level=Level.OFF, choice=note)
    count_choice(site_id=visitor.site_id, choice=Level.OFF)


def change_purposes(
    *, request: HttpRequest, purposes: Collection[Purpose], source: str = "preferences"
) -> None:
    """Set the offered purposes of a remembered person to exactly ``purposes``.

    Purposes that have no switch of their own on the preferences page stay as they are. Setting
    none is a refusal; setting some for a person not remembered yet lets the shop remember them.
    """
    offered = {Purpose(name) for name in consent_settings.OFFERED_PURPOSES}
    wanted = set(purposes) & offered
    shopper_id = person_of(request=request)
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    in_force = state.granted if state else frozenset()
    if not wanted and not in_force - offered:
        refuse(request=request, source=source)
        return
    dropped = (in_force & offered) - wanted
    if dropped and shopper_id is not None:
        how = _how(request, source)
        _finish(decisions.close(shopper_id=shopper_id, purposes=dropped, how=how))
    if wanted - in_force or shopper_id is None:
        grant_remember(request=request, purposes=wanted, source=source)
    elif shopper_id != visitor_of(request).shopper_id:
        attach(request, Shopper.objects.get(pk=shopper_id))


def withdraw(
    *,
    shopper_id: UUID,
    purposes: Collection[Purpose] = OPTIONAL_PURPOSES,
    actor: str,
    source: str = "api",
    language: str = "",
    gpc: bool = False,
) -> Withdrawal | None:
    """Withdraw ``purposes`` of a shopper and delete what was held for them.

    Once it returns (and a surrounding transaction commits) no gate grants them. Up to
    ``ERASE_ROWS`` rows are deleted now, the rest by a task. Returns None when none of them was
    in force.
    """
    how = Circumstances(actor=actor, source=source, language=language, gpc=gpc)
    return _finish(decisions.close(shopper_id=shopper_id, purposes=purposes, how=how))


def erase(
    *, shopper_id: UUID, actor: str, source: str = "rights", language: str = ""
) -> Withdrawal | None:
    """Withdraw everything and delete all that is held, the shopper's own rows included."""
    how = Circumstances(actor=actor, source=source, language=language)
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

    Returns whether it was done: the history must never have belonged to an account, and the
    account must not have a shopper of its own.
    """
    visitor, user = visitor_of(request), user_of(request)
    if user is None or visitor.offer is None:
        return False
    if account_shopper(site_id=visitor.site_id, user=user) is not None:
        return False
    shopper = Shopper.objects.filter(pk=visitor.offer, site_id=visitor.site_id).first()
    try:
        how = _how(request, source)
        if shopper is None or not decisions.link(shopper_id=shopper.pk, user=user, how=how):
            return False
    except IntegrityError:
        return False
    attach(request, shopper)
    return True


def attach(request: HttpRequest, shopper: Shopper) -> None:
    """Give the browser the key of ``shopper``, valid for the account logged in, or for nobody.

    Raises ``ValueError`` for an imported shopper: no browser ever holds its key.
    """
    if shopper.is_imported:
        raise ValueError("An imported shopper has no browser.")
    cookies.set_key(request, sign_key(shopper.pk, user_key_of(request)))
    replace_visitor(request, level=Level.REMEMBER, shopper_id=shopper.pk)


@transaction.atomic
def _remembered(
    request: HttpRequest,
    user: Any,
    purposes: Collection[Purpose],
    policy: PolicyVersion,
    how: Circumstances,
) -> Shopper:
    """Return the person's shopper with ``purposes`` granted, making a new one where needed.

    Decisions of one account wait for each other: an account has one shopper.
    """
    site_id = visitor_of(request).site_id
    if user is not None:
        accounts = get_user_model()._default_manager.select_for_update(no_key=True)
        accounts.filter(pk=user.pk).values_list("pk").first()
    shopper_id = person_of(request=request)
    if shopper_id is not None:
        try:
            decisions.grant(shopper_id=shopper_id, purposes=purposes, policy=policy, how=how)
            return Shopper.objects.get(pk=shopper_id)
        except LookupError:
            _replace(shopper_id)
    return decisions.open_shopper(
        site_id=site_id, user=user, purposes=purposes, policy=policy, how=how
    )


def _replace(shopper_id: UUID) -> None:
    """Take a shopper out of the way of a new one: unlink it, and close it if it is open.

    The state row is locked before the shopper's, as everywhere.
    """
    state = decisions.lock_state(shopper_id)
    Shopper.objects.filter(pk=shopper_id).update(user=None)
    if state is not None and state.purposes:
        how = Circumstances(actor="system", source="replaced")
        closed = decisions.close(shopper_id=shopper_id, purposes=OPTIONAL_PURPOSES, how=how)
        if closed is not None:
            enqueue(finish_erasure, closed.erasure_id)
    elif not Erasure.objects.due().filter(shopper=shopper_id).exists():
        Shopper.objects.filter(pk=shopper_id).delete()


def _stop(request: HttpRequest, source: str) -> None:
    """Withdraw everything the person behind ``request`` allowed, here and in the account."""
    visitor = visitor_of(request)
    shopper_id = person_of(request=request)
    if shopper_id is not None:
        how = _how(request, source)
        _finish(decisions.close(shopper_id=shopper_id, purposes=OPTIONAL_PURPOSES, how=how))
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


def _how(request: HttpRequest, source: str) -> Circumstances:
    return Circumstances(actor="shopper", source=source, gpc=visitor_of(request).gpc)

"""Tell whether a remembered person must decide again, or has a changed text to hear of."""

from __future__ import annotations

from enum import StrEnum

from consent.gate import permit
from consent.people.models import ConsentState
from consent.policies.selectors import Notice, current_notice
from consent.purposes import Purpose
from consent.savepoints import host_transaction_kept
from consent.visitor import Level, Visitor


class News(StrEnum):
    """What a changed text means for a person."""

    NONE = "none"
    TEXT = "text"
    ASK = "ask"


def is_resting(visitor: Visitor) -> bool:
    """Tell whether what a visitor allowed rests until a new decision.

    No query while the site has had one version, and none for anybody who is not remembered.
    """
    if visitor.level is not Level.REMEMBER:
        return False
    if not visitor.is_looked_up and current_notice(site_id=visitor.site_id).required > 1:
        with host_transaction_kept(ConsentState):
            permit(visitor, Purpose.NECESSARY)
    return visitor.is_suspended


def news_of(*, visitor: Visitor, notice: Notice) -> News:
    """Return ``ASK`` while what the person allowed rests, ``TEXT`` for a change to hear of once.

    No query while the site has had one version, and none for anybody who is not remembered. Else
    the gate is asked unless it was before, and who decided on an older text costs one more.
    """
    if is_resting(visitor):
        return News.NONE if _is_restricted(visitor) else News.ASK
    if visitor.level is not Level.REMEMBER or notice.number == 1:
        return News.NONE
    with host_transaction_kept(ConsentState):
        if not visitor.is_looked_up:
            permit(visitor, Purpose.NECESSARY)
        if visitor.policy_id is None or visitor.policy_id >= notice.first_id:
            return News.NONE
        unseen = ConsentState.objects.filter(
            pk=visitor.shopper_id, seen_policy__lt=notice.number, purposes__gt=0
        )
        return News.TEXT if unseen.exists() else News.NONE


def _is_restricted(visitor: Visitor) -> bool:
    """Tell whether the person, and no changed text, lets what they allowed rest."""
    with host_transaction_kept(ConsentState):
        state = ConsentState.objects.filter(pk=visitor.shopper_id).first()
    return state is not None and state.is_restricted

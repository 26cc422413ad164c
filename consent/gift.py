"""Let a remembered person shop for somebody else: nothing is learned from such a visit."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from consent import cookies
from consent.gift_note import ON, ended_at, read_note
from consent.visitor import Level, visitor_of


def start_gift(*, request: HttpRequest) -> bool:
    """Have the gate refuse everything until the visit is switched back or the browser closes.

    Only for a visitor of whom something could be learned; for anyone else nothing happens, and no
    cookie is set. Returns whether the visit is a gift now.
    """
    visitor = visitor_of(request)
    if visitor.level not in {Level.REMEMBER, Level.VISIT}:
        return False
    cookies.set_gift(request, ON)
    visitor.is_gift, visitor.learning_since = True, None
    return True


def end_gift(*, request: HttpRequest) -> bool:
    """Learn from this visit again; return whether it was a gift.

    The browser notes the moment, so that a page still open from before cannot report afterwards
    what was done during the gift.
    """
    visitor = visitor_of(request)
    if not visitor.is_gift:
        return False
    note = ended_at(timezone.now())
    cookies.set_gift(request, note)
    visitor.is_gift, visitor.learning_since = read_note(note)
    return True

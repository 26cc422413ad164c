"""Keep a visit's last products in a signed cookie: the grant and the history in one."""

from __future__ import annotations

from django.http import HttpRequest

from consent import cookies, keys
from consent.visit_record import LIMIT, Visit, label_for
from consent.visitor import Level, replace_visitor, user_key_of, visitor_of

__all__ = ["LIMIT", "Visit", "remember_visit", "write_visit"]


def remember_visit(request: HttpRequest, visit: Visit) -> None:
    """Have the response carry ``visit``, and show it to the rest of this request.

    Only for a visitor who chose "this visit" before; for anyone else nothing happens.
    """
    if visitor_of(request).level is Level.VISIT:
        write_visit(request, visit)


def write_visit(request: HttpRequest, visit: Visit) -> None:
    """Give the visitor the level "this visit" with the products of ``visit``."""
    cookies.set_visit(request, keys.sign(label_for(user_key_of(request)), visit.to_bytes()))
    replace_visitor(request, level=Level.VISIT, visit=visit)

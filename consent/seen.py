"""Tell whether a form shows what is still so, before its yes counts.

A page may stand open while the person decides in another window or on another device. Every form
that can grant something says what its page showed: the level, and how often the person had
withdrawn (a small number that many people share, so it identifies nobody). A form that says
nothing was made for somebody who had not decided. A no is never refused for being old.
"""

from __future__ import annotations

from django.http import HttpRequest

from consent.decisions import SeenElsewhere
from consent.gate import generation_of
from consent.visitor import Level, visitor_of

__all__ = ["SILENT", "SeenElsewhere", "require_seen", "seen_by"]

SILENT = f"{Level.UNDECIDED}.0"
"""What a form means that does not say what it showed."""


def seen_by(request: HttpRequest) -> str:
    """Return what a page made now shows of the person's choice.

    No query for anybody who is not remembered, and none where the gate was asked before.
    """
    visitor = visitor_of(request)
    generation = generation_of(visitor) or 0
    return f"{visitor.level}.{generation}"


def require_seen(request: HttpRequest, seen: object) -> int | None:
    """Return the generation a form was made for; None for somebody who was not remembered.

    A grant asks for the same one while it holds the person's state: they may decide elsewhere at
    this very moment. Raises ``SeenElsewhere`` unless it is the choice that is in force.
    """
    if (seen or SILENT) != seen_by(request):
        raise SeenElsewhere
    return generation_of(visitor_of(request))

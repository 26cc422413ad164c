"""Tell whether a form shows what is still so, before its yes counts.

A page may stand open while the person decides in another window or on another device. Every form
that can grant something says what its page showed: the level, and how often the person had
withdrawn (a small number that many people share, so it identifies nobody). A form that says
nothing was made for somebody who had not decided. A no is never refused for being old.
"""

from __future__ import annotations

from django.http import HttpRequest

from consent.gate import generation_of
from consent.visitor import Level, visitor_of

SILENT = f"{Level.UNDECIDED}.0"
"""What a form means that does not say what it showed."""


class SeenElsewhere(ValueError):  # noqa: N818
    """The person decided since the page was made: show the choice again, change nothing."""


def seen_by(request: HttpRequest) -> str:
    """Return what a page made now shows of the person's choice.

    No query for anybody who is not remembered, and none where the gate was asked before.
    """
    visitor = visitor_of(request)
    generation = generation_of(visitor) or 0
    return f"{visitor.level}.{generation}"


def require_seen(request: HttpRequest, seen: object) -> None:
    """Raise ``SeenElsewhere`` unless a form was made for the choice that is in force."""
    if (seen or SILENT) != seen_by(request):
        raise SeenElsewhere

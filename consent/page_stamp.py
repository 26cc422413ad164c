"""Recognize what comes from a page that was made before the person last withdrew.

A stamp is a random number with a signature over it, the person and the generation. It is another
one on every page, so it identifies nobody; only this shop can tell whose it is, and only by
asking whether it is this person's.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from django.http import HttpRequest

from consent import keys
from consent.gate import generation_of
from consent.visitor import visitor_of

FIRST_GENERATION = 1
_BYTES = 9


def stamp(request: HttpRequest) -> str:
    """Return a new stamp for a page of the person behind ``request``; empty for anybody else.

    At most one query, none where the gate was asked before.
    """
    visitor = visitor_of(request)
    generation = generation_of(visitor)
    if generation is None or visitor.shopper_id is None:
        return ""
    return keys.sign(_label(visitor.shopper_id, generation), secrets.token_bytes(_BYTES))


def is_current(text: str, *, shopper_id: UUID, generation: int) -> bool:
    """Tell whether a page belongs to this person, and was made in this generation.

    Without a stamp it must be the first one: nothing was ever withdrawn.
    """
    if not text:
        return generation == FIRST_GENERATION
    try:
        keys.unsign(_label(shopper_id, generation), text)
    except ValueError:
        return False
    return True


def _label(shopper_id: UUID, generation: int) -> str:
    return f"page:{shopper_id.hex}:{generation}"

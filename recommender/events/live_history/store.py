"""Keep, extend, read and forget live histories.

A history belongs to a person and a generation: a decision that withdraws makes it unreadable, and
a push that comes late is refused. It lives for a minute after it was last read and never longer
than five, so that what an unreachable Redis missed shows again by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from importlib.resources import files
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import connections, router

from consent import gate
from consent.gate import Permit
from consent.gate_cache.connection import Script, Unreachable, is_configured, key, run
from consent.gate_cache.store import GUARD, gate_key
from consent.models import ConsentState
from recommender.catalog.keeping import mark_key
from recommender.events.kinds import Kind
from recommender.events.live_history.entries import Entry

logger = logging.getLogger(__name__)

MOST_LIKED = 400
MOST_HIDDEN = 500
SECONDS = 60
LONGEST_SECONDS = 300
READING_SECONDS = 10
CHUNK = 500

_TEXTS = files("recommender.events.live_history")


def _text(name: str) -> str:
    return _TEXTS.joinpath(name).read_text("utf-8")


_BEGIN = Script(GUARD + _text("begin.lua"))
_FILL = Script(GUARD + _text("fill.lua"))
_PUSH = Script(GUARD + _text("push.lua"))
_READ = Script(_text("read.lua"))
_FORGET = Script(_text("forget.lua"))
_MARKS = Script(
    "return (redis.call('GET', KEYS[1]) or '') .. '|' .. (redis.call('GET', KEYS[2]) or '')"
)


class Begun(NamedTuple):
    """A reading of the table under way: who reads, and the catalog's mark before it began."""

    token: str
    mark: str


class Found(NamedTuple):
    """A kept history: newest first; ``is_cut`` where there may be older events in the table."""

    liked: list[Entry]
    hidden: list[Entry]
    is_cut: bool


def is_used() -> bool:
    """Tell whether live histories are kept and may be used here.

    Inside a transaction the table answers: it may hold what is not committed yet.
    """
    return is_configured() and not connections[router.db_for_read(ConsentState)].in_atomic_block


def read(*, permit: Permit, limit: int) -> Found | None:
    """Return the ``limit`` newest events and all that is hidden; None where nothing is kept."""
    if limit > MOST_LIKED:
        return None
    args = [limit, MOST_HIDDEN, SECONDS, LONGEST_SECONDS]
    names = [*_names(permit.shopper_id, permit.generation), mark_key(permit.site_id)]
    try:
        answer = run(_READ, names, args)
        if not answer:
            return None
        liked, hidden = ([Entry.from_member(text) for text in each] for each in answer)
    except (Unreachable, ValueError):
        return None
    return Found(liked, hidden, len(liked) == limit)


def begin(*, permit: Permit) -> Begun | None:
    """Announce a reading of the table; None where its result cannot be kept."""
    token = uuid4().hex
    args = [permit.generation, token, READING_SECONDS]
    try:
        mark = run(_BEGIN, [*_all_names(permit), mark_key(permit.site_id)], args)
    except Unreachable:
        return None
    return None if mark is None else Begun(token, mark)


def fill(
    *,
    permit: Permit,
    begun: Begun,
    kinds: Iterable[Kind],
    entries: Sequence[Entry],
    is_chosen: bool,
) -> None:
    """Keep what was read from the table, unless something was pushed or decided meanwhile.

    Args:
        permit: the one the table was read with.
        begun: from `begin`, before anything was read.
        kinds: those that weigh something on the site.
        entries: the newest of those kinds, and the newest dislikes.
        is_chosen: the person changed interests, so that a new event may weigh something else: it
            is then read from the table.
    """
    liked = [entry.to_member() for entry in entries if not entry.is_dislike]
    hidden = [entry.to_member() for entry in entries if entry.is_dislike]
    codes = f",{','.join(str(kind.code) for kind in kinds)},"
    about = [begun.mark, codes, int(is_chosen)]
    args = [permit.generation, begun.token, SECONDS, *about, len(liked)]
    try:
        run(_FILL, _all_names(permit), [*args, *liked, *hidden])
    except Unreachable:
        return


def marks(*, site_id: int, shopper_id: UUID) -> str | None:
    """Return what changes when the catalog does, or when something of the person is deleted.

    To be asked before an event is looked up, and given to `push`. None without Redis.
    """
    if not is_used():
        return None
    try:
        return str(run(_MARKS, [mark_key(site_id), _mark_name(shopper_id)], []))
    except Unreachable:
        return None


def push(*, permit: Permit, marks: str | None, entries: Sequence[Entry]) -> None:
    """Add events that were committed under ``permit``. Never raises.

    Args:
        permit: the one they were committed under.
        marks: from before their products were looked up.
        entries: those of them that a history may hold.
    """
    if not entries:
        return
    args: list[object] = [permit.generation, marks or "", MOST_LIKED, MOST_HIDDEN]
    for entry in entries:
        args += [entry.kind.code, int(entry.is_dislike), entry.to_member()]
    names = [*_all_names(permit), mark_key(permit.site_id), _mark_name(permit.shopper_id)]
    try:
        passed = run(_PUSH, names, args)
        if passed == -1 and gate.load(permit.shopper_id) == permit.generation:
            passed = run(_PUSH, names, args)
        if passed == -1:
            _forget([(permit.shopper_id, permit.generation)])
    except Unreachable:
        logger.warning(
            "%d events are stored, and missing in a live history for up to %d s.",
            len(entries),
            LONGEST_SECONDS,
        )


def forget(*, shopper_ids: Collection[UUID]) -> None:
    """Have the histories of these people read from the table again. Never raises.

    Call it after the commit of whatever deleted or moved their events.
    """
    if not is_configured() or not shopper_ids:
        return
    wanted = list(shopper_ids)
    for start in range(0, len(wanted), CHUNK):
        rows = ConsentState.objects.filter(shopper_id__in=wanted[start : start + CHUNK])
        _forget(rows.values_list("shopper_id", "generation"))


def forget_generation(*, shopper_id: UUID, generation: int) -> None:
    """Delete what was kept of a person before ``generation`` began, and in it. Never raises."""
    if is_configured():
        _forget([(shopper_id, generation)])


def _forget(generations: Iterable[tuple[UUID, int]]) -> None:
    """Delete these generations and those before them."""
    names: list[str] = []
    for shopper_id, generation in generations:
        names.append(_mark_name(shopper_id))
        for each in (generation, generation - 1):
            names += _names(shopper_id, each)
    try:
        if names:
            run(_FORGET, names, [uuid4().hex, SECONDS], is_urgent=True)
    except Unreachable:
        logger.error("A live history could not be deleted; it ends by itself in %d s.", SECONDS)


def _names(shopper_id: UUID, generation: int) -> list[str]:
    return [
        key(part, shopper_id.hex, generation)
        for part in ("history", "history-liked", "history-hidden")
    ]


def _mark_name(shopper_id: UUID) -> str:
    return key("history-mark", shopper_id.hex)


def _all_names(permit: Permit) -> list[str]:
    return [gate_key(permit.shopper_id), *_names(permit.shopper_id, permit.generation)]

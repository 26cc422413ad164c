"""Keep the state rows of remembered people in Redis for a minute.

A row is kept by whoever holds it locked ``FOR SHARE``, and shut by every decision while it holds
the row ``FOR UPDATE``, before the commit. So no row is kept that a committed decision replaced:
a reader that finds nothing waits for the lock and then reads what was decided. A shut gate
answers nothing, so a decision that is rolled back has granted and refused nobody anything.

Where Redis cannot be reached, a decision is made all the same; a row kept before it may then
answer for the rest of its minute. Collection is not affected: it asks the locked row itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from consent.gate_cache.connection import Script, Unreachable, is_configured, key, run

logger = logging.getLogger(__name__)

FORMAT = 1
SECONDS = 60
AT_ONCE = 100
"""Gates shut by one call: a millisecond in which Redis serves nobody else."""

_TEXTS = files("consent.gate_cache")
GUARD = _TEXTS.joinpath("guard.lua").read_text("utf-8")
"""Lua: ``passes(gate, generation)``, for the functions of other floors that store something."""

_KEEP = Script(_TEXTS.joinpath("keep.lua").read_text("utf-8"))
_READ = Script("return redis.call('HGET', KEYS[1], 'row')")


class Decided(NamedTuple):
    """Which decision a state row holds; a later one is greater."""

    shopper_id: UUID
    generation: int
    sequence: int


def gate_key(shopper_id: UUID) -> str:
    """Return the name of a shopper's gate."""
    return key("gate", shopper_id.hex)


def read(shopper_id: UUID) -> list[Any] | None:
    """Return the kept values of a state row; None where there are none, or the gate is shut.

    Raises ``Unreachable``.
    """
    text = run(_READ, [gate_key(shopper_id)], [])
    if not text:
        return None
    version, *values = orjson.loads(text)
    return values if version == FORMAT else None


def keep(decided: Decided, values: Sequence[Any]) -> None:
    """Keep the values of a state row that the caller holds locked. Never raises."""
    try:
        _put([decided], orjson.dumps([FORMAT, *values]).decode(), is_urgent=False)
    except Unreachable:
        return


def shut(decisions: Iterable[Decided]) -> bool:
    """Shut the gates of people about whom something is being decided; return whether all are.

    Call it while their rows are locked ``FOR UPDATE``, with the new generation. Never raises.
    """
    if not is_configured():
        return True
    try:
        for some in _chunks(decisions):
            _put(some, "", is_urgent=True)
    except Unreachable:
        logger.error(
            "Redis could not be told of a decision: what it keeps may open a gate for up to %d s.",
            SECONDS,
        )
        return False
    return True


def _put(decisions: Sequence[Decided], row: str, *, is_urgent: bool) -> None:
    args: list[Any] = [SECONDS]
    for _, generation, sequence in decisions:
        args += [generation, sequence, row]
    run(_KEEP, [gate_key(each.shopper_id) for each in decisions], args, is_urgent=is_urgent)


def _chunks(decisions: Iterable[Decided]) -> Iterator[list[Decided]]:
    waiting = iter(decisions)
    while some := list(islice(waiting, AT_ONCE)):
        yield some

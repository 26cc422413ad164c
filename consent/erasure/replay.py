"""Erase again who was erased before a restored backup brought them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from consent import keys
from consent.decisions import Circumstances, close
from consent.erasure.run import run
from consent.erasure.tombstones import Tombstone, read_tombstones, subject_under
from consent.ledger.models import Kind
from consent.people.models import ConsentState
from consent.purposes import Purpose

SOURCE = "replay"
WINDOW = 1000


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found: tombstones read, people who came back, deletions it carried out.

    ``unknown_keys`` names master keys that signed tombstones and are gone: nobody erased under
    them can be found again.
    """

    tombstones: int
    people: int
    erased: int
    unknown_keys: tuple[str, ...]


def replay(*, is_dry: bool = False) -> Replayed:
    """Find who came back, withdraw again what they had withdrawn, and delete it.

    A person came back when their state row is older than their tombstone: fewer withdrawals, or an
    earlier last decision. Who withdrew and later granted anew on the same key is left alone. Run it
    before the restored shop is opened. Safe to repeat. Raises ``BadTombstone``, ``OSError``.
    """
    stones = read_tombstones()
    ring = keys.keyring()
    unknown = {stone.kid for stone in stones} - {key.kid for key in ring.keys}
    people = erased = 0
    for shopper_id, purposes in _came_back(stones):
        people += 1
        if not is_dry:
            erased += _erase_again(shopper_id, purposes)
    return Replayed(len(stones), people, erased, tuple(sorted(unknown)))


def _came_back(stones: list[Tombstone]) -> Iterator[tuple[UUID, frozenset[Purpose]]]:
    """Yield the shoppers whose state is older than a tombstone of theirs, and its purposes."""
    buried: dict[str, list[Tombstone]] = defaultdict(list)
    for stone in stones:
        buried[stone.subject].append(stone)
    names = {stone.kid for stone in stones}
    ring = [key for key in keys.keyring().keys if key.kid in names]
    for state in _states() if buried else ():
        found = [
            stone
            for key in ring
            for stone in buried.get(subject_under(key, state.shopper_id), ())
            if stone.site == state.site_id and _is_older(state, stone)
        ]
        if found:
            yield (
                state.shopper_id,
                frozenset(Purpose(name) for stone in found for name in stone.purposes),
            )


def _states() -> Iterator[ConsentState]:
    """Yield every state row, in windows, so that rows may change meanwhile."""
    after = UUID(int=0)
    while rows := list(ConsentState.objects.filter(pk__gt=after).order_by("pk")[:WINDOW]):
        yield from rows
        after = rows[-1].pk


def _is_older(state: ConsentState, stone: Tombstone) -> bool:
    return state.generation < stone.generation or state.decided_at < stone.moment


def _erase_again(shopper_id: UUID, purposes: frozenset[Purpose]) -> bool:
    kind = Kind.ERASED if Purpose.NECESSARY in purposes else Kind.WITHDRAWN
    how = Circumstances(actor="system", source=SOURCE)
    closed = close(shopper_id=shopper_id, purposes=purposes, how=how, kind=kind)
    if closed is None:
        return False
    run(erasure_id=closed.erasure_id)
    return True

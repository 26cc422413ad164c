"""Let who collects and who decides take turns in the order they come.

PostgreSQL gives a ``FOR SHARE`` lock to a newcomer while somebody waits for ``FOR UPDATE``, so
under constant collection a withdrawal could wait for ever. An advisory lock queues: whoever
collects shares it, whoever decides holds it alone, and nobody passes who waits. It is taken before
the row, in the order of the keys, and ends with the transaction.

A person has a turn of their own. A batch of many people shares one turn of all batches instead,
because every lock held takes a place in a table of the server's shared memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

MOST_OWN_TURNS = 64
BATCHES = 0x6174746E_62617463
"""The turn of batches: a number, like the others."""


def turn_of(shopper_id: UUID) -> int:
    """Return a person's turn: a signed number of 64 bits in the order of the keys."""
    return (shopper_id.int >> 64) - (1 << 63)


def shared_turns(shopper_ids: Sequence[UUID]) -> list[int]:
    """Return the turns to share before collecting of ``shopper_ids``, in order."""
    if len(shopper_ids) > MOST_OWN_TURNS:
        return [BATCHES]
    return sorted({turn_of(shopper_id) for shopper_id in shopper_ids})


def take_turn(connection: Any, shopper_id: UUID) -> None:
    """Wait until nobody collects of ``shopper_id``, and let nobody begin before the commit.

    Nothing is needed on SQLite, which has one writer at a time.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s), pg_advisory_xact_lock(%s)",
                [BATCHES, turn_of(shopper_id)],
            )

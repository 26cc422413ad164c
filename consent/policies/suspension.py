"""Let what people allowed rest when the text they decided on changed materially."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import router, transaction

from consent.gate_cache.store import Decided, shut
from consent.people.models import ConsentState

_TABLE = ConsentState._meta.db_table
_SUSPEND = f"""
WITH held AS MATERIALIZED (
    SELECT shopper_id AS key FROM {_TABLE}
    WHERE site_id = %s AND purposes > 0 AND policy_id IS NOT NULL
    ORDER BY shopper_id {{lock}}
)
UPDATE {_TABLE} SET
    suspended = purposes, suspended_at = %s, purposes = 0, confirmed = 0,
    generation = generation + 1
FROM held WHERE shopper_id = held.key
RETURNING shopper_id, generation, sequence
"""  # noqa: S608


def suspend_everybody(*, site_id: int, moment: datetime) -> int:
    """Move what everybody on a site allows to ``suspended``; return how many people it was.

    Runs inside the transaction that publishes the version, with the rows locked in key order: a
    writer of events either committed before, or finds nothing in force. What Redis keeps of these
    people is shut before the commit, as for any decision. Imported decisions rest on the
    importer's legal basis, not on a text of the shop, and stay. Who asked for a restriction has
    nothing in force, and hears of the text when it is lifted.
    """
    decided = _suspend(site_id, moment)
    if not shut(decided):
        transaction.on_commit(partial(shut, decided))
    return len(decided)


def _suspend(site_id: int, moment: datetime) -> list[Decided]:
    """Suspend in one statement: the rows stay locked until the commit, so every round trip counts.

    A row that changed while its lock was waited for is judged, and suspended, as it became.
    """
    connection: Any = transaction.get_connection(router.db_for_write(ConsentState))
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    at = ConsentState._meta.get_field("suspended_at").get_db_prep_value(moment, connection)
    with connection.cursor() as cursor:
        cursor.execute(_SUSPEND.format(lock=lock), [site_id, at])
        rows = cursor.fetchall()
    return [
        Decided(key if isinstance(key, UUID) else UUID(key), generation, sequence)
        for key, generation, sequence in rows
    ]

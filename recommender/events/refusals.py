"""Count what was refused, by cause and hour. A number, never a person."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.db import connections, router, transaction
from django.utils import timezone

from consent.savepoints import in_host_transaction
from recommender.events.models import RefusalCount
from recommender.events.records import Cause

logger = logging.getLogger(__name__)

_ADD = """
INSERT INTO {table} (site_id, hour, cause, count) VALUES (%s, %s, %s, %s)
ON CONFLICT (site_id, hour, cause) DO UPDATE SET count = {table}.count + excluded.count
"""


def count_refusals(
    *, site_id: int, causes: Mapping[Cause, int], at: datetime | None = None
) -> None:
    """Add to the hourly counts. Never raises: an error is logged with the numbers.

    Call it outside the transaction that holds permits: counters are shared by everybody. For that
    reason it waits for the commit of a host's transaction.
    """
    if not site_id or not causes:
        return
    moment = at or timezone.now()
    if in_host_transaction(RefusalCount):
        later = partial(count_refusals, site_id=site_id, causes=causes, at=moment)
        transaction.on_commit(later, using=router.db_for_write(RefusalCount), robust=True)
        return
    try:
        _add(site_id, causes, moment)
    except Exception:
        logger.exception("Refused events could not be counted: %s", dict(causes))


def _add(site_id: int, causes: Mapping[Cause, int], at: datetime) -> None:
    connection = connections[router.db_for_write(RefusalCount)]
    hour = connection.ops.adapt_datetimefield_value(at.replace(minute=0, second=0, microsecond=0))
    sql = _ADD.format(table=connection.ops.quote_name(RefusalCount._meta.db_table))
    with connection.cursor() as cursor:
        for cause in sorted(causes):
            cursor.execute(sql, [site_id, hour, str(cause), causes[cause]])

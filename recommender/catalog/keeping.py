"""A mark that changes with what may be kept of products: categories, their flags, weights.

Live histories are kept apart from the catalog. Each remembers the mark it was made under and
counts no more once there is a new one.
"""

from __future__ import annotations

from uuid import uuid4

from django.db import router, transaction

from consent.gate_cache.connection import Script, Unreachable, is_configured, key, run
from recommender.catalog.models import Product

_RENEW = Script("return redis.call('SET', KEYS[1], ARGV[1])")


def mark_key(site_id: int) -> str:
    """Return the name of the mark in Redis."""
    return key("keeping", site_id)


def renew(*, site_id: int) -> None:
    """Set a new mark once the transaction commits: call it where the answer may have changed."""
    if is_configured():
        transaction.on_commit(lambda: _renew(site_id), using=router.db_for_write(Product))


def _renew(site_id: int) -> None:
    try:
        run(_RENEW, [mark_key(site_id)], [uuid4().hex], is_urgent=True)
    except Unreachable:
        return

"""Keep decisions and the publication of a policy version apart, so that none falls between.

A decision holds the fence together with other decisions until it commits; a publication holds it
alone. Taken before any state row is locked.
"""

from __future__ import annotations

from django.db import router, transaction
from django.db.models import Max

from consent.policies.models import PolicyVersion

_CLASS = 0x61747470


class PolicyOutdated(Exception):  # noqa: N818
    """A decision on a text that a material change has replaced: it must be shown again."""


def hold_decision(policy: PolicyVersion) -> None:
    """Let a decision on ``policy`` go on until the transaction ends.

    Raises ``PolicyOutdated`` when a material version came after it.
    """
    hold_site(site_id=policy.site_id)
    require_current(policy)


def hold_site(*, site_id: int) -> None:
    """Let no version of a site be published before the transaction ends."""
    _lock("pg_advisory_xact_lock_shared", site_id)


def hold_publication(*, site_id: int) -> None:
    """Wait for the decisions that are under way, and let no other begin before the commit."""
    _lock("pg_advisory_xact_lock", site_id)


def require_current(policy: PolicyVersion) -> None:
    """Raise ``PolicyOutdated`` when a material version came after ``policy``."""
    if policy.number < required_number(site_id=policy.site_id):
        raise PolicyOutdated(f"Version {policy.number} of the policy is outdated.")


def required_number(*, site_id: int) -> int:
    """Return the number of the last material version: older decisions rest. 0 when none was."""
    material = PolicyVersion.objects.for_site(site_id).filter(is_material=True)
    return material.aggregate(last=Max("number"))["last"] or 0


def _lock(function: str, site_id: int) -> None:
    """SQLite has one writer at a time: a transaction that will write is alone already."""
    connection = transaction.get_connection(router.db_for_write(PolicyVersion))
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The fence is held by a transaction.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s, %s)", [_CLASS, site_id])

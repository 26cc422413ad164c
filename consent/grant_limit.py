"""Bound how many permissions one network can add to the ledger, where they stay for ever.

A withdrawal or refusal is never counted. Nothing of a network is stored: the count in the cache
is named by an HMAC of its address and is gone after an hour.
"""

from __future__ import annotations

from django.http import HttpRequest

from consent.conf import consent_settings
from consent.rights import limits
from consent.visitor import visitor_of


class TooManyGrants(Exception):  # noqa: N818
    """More people than plausible allowed something from one network within the hour."""


def count_grant(request: HttpRequest) -> None:
    """Count one permission that the person behind ``request`` gives.

    Raises ``TooManyGrants`` past ``GRANT_NETWORK_LIMIT``. An address that is not one of the
    internet's is not limited: behind a proxy that is not named in ``PROXIES`` it is everybody's.
    """
    network = limits.network_of(request)
    if not limits.is_public(network):
        return
    who, limit = f"{visitor_of(request).site_id} {network}", consent_settings.GRANT_NETWORK_LIMIT
    if not limits.allows(name="grant", who=who, limit=limit):
        raise TooManyGrants

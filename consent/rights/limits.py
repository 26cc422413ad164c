"""Bound how often something may be asked, with nothing kept but keyed counts in the cache."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import time

from django.core.cache import cache
from django.http import HttpRequest

from consent import keys

logger = logging.getLogger(__name__)

HOUR = 3600


def allows(*, name: str, who: str, limit: int, seconds: int = HOUR) -> bool:
    """Count one attempt of ``who``; return whether it is among the first ``limit`` of the window.

    Works with every cache backend. A cache that cannot be reached allows nothing: a limit that
    does not count is none.
    """
    window = int(time.time() // seconds)
    key = f"attention:limit:{name}:{window}:{_masked(name, who)}"
    try:
        cache.add(key, 0, timeout=seconds)
        count: int = cache.incr(key)
        cache.touch(key, timeout=seconds)
    except ValueError:
        return False
    except Exception:
        logger.exception("Attempts could not be counted.")
        return False
    return count <= limit


def network_of(request: HttpRequest) -> str:
    """Return the address a request came from; of IPv6 the 64 bits one household shares."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _masked(name: str, who: str) -> str:
    key = keys.keyring().first.derive(f"limit/{name}")
    return hmac.digest(key, who.encode(), "sha256").hex()[:32]

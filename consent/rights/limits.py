"""Bound how often something may be asked, with nothing kept but keyed counts in the cache."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import time
from collections import OrderedDict
from threading import Lock

from django.core.cache import cache
from django.http import HttpRequest

from consent import keys
from consent.conf import consent_settings

logger = logging.getLogger(__name__)

HOUR = 3600
MOST_HERE = 10_000
"""Counts a process keeps by itself; the oldest give way."""

_here: OrderedDict[str, int] = OrderedDict()
_lock = Lock()


def allows(*, name: str, who: str, limit: int, seconds: int = HOUR) -> bool:
    """Count one attempt of ``who``; return whether it is among the first ``limit`` of the window.

    Works with every cache backend. Where the cache keeps no counts, or cannot be reached, each
    process counts by itself: the limit is then that of a process, and nobody is locked out.
    """
    window = int(time.time() // seconds)
    key = f"attention:limit:{name}:{window}:{_masked(name, who)}"
    try:
        cache.add(key, 0, timeout=seconds)
        count: int = cache.incr(key)
        cache.touch(key, timeout=seconds)
    except ValueError:
        count = _count_here(key)
    except Exception:
        logger.exception("The cache cannot be reached: each process counts attempts by itself.")
        count = _count_here(key)
    return count <= limit


def network_of(request: HttpRequest) -> str:
    """Return the address a request came from; of IPv6 the 64 bits one household shares.

    Behind ``PROXIES`` it is the one that the outermost of them saw. Empty where it is not known.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if consent_settings.PROXIES:
        passed = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        text = passed[-consent_settings.PROXIES :][0].strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_public(network: str) -> bool:
    """Tell whether a network is one of the internet's: another may be a proxy, so everybody's."""
    return bool(network) and ipaddress.ip_network(network).is_global


def _count_here(key: str) -> int:
    with _lock:
        _here[key] = count = _here.pop(key, 0) + 1
        if len(_here) > MOST_HERE:
            _here.popitem(last=False)
    return count


def _masked(name: str, who: str) -> str:
    key = keys.keyring().first.derive(f"limit/{name}")
    return hmac.digest(key, who.encode(), "sha256").hex()[:32]

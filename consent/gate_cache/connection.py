"""Reach the Redis that holds gates and live histories; where there is none, say so quickly."""

from __future__ import annotations

import logging
from hashlib import sha1
from time import monotonic
from typing import Any

from consent.conf import consent_settings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
REST_SECONDS = 5.0
"""After an error reads leave Redis alone for this long: a page must not wait for it each time."""


class Unreachable(Exception):  # noqa: N818
    """Redis did not answer. Whoever reads asks the database; whoever writes goes on without."""


class Script:
    """A Lua function, sent as a whole only to a server that does not know it yet."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()


_clients: dict[str, Any] = {}
_resting_until = 0.0


def is_configured() -> bool:
    """Tell whether there is a Redis at all; without one the database answers every request."""
    return bool(consent_settings.REDIS_URL)


def key(*parts: object) -> str:
    """Return the name under which ``parts`` are kept."""
    return ":".join([consent_settings.REDIS_PREFIX, *map(str, parts)])


def run(script: Script, keys: list[str], args: list[Any], *, is_urgent: bool = False) -> Any:
    """Run ``script``; an ``is_urgent`` one is tried even shortly after an error.

    Raises ``Unreachable``.
    """
    global _resting_until
    if not is_urgent and monotonic() < _resting_until:
        raise Unreachable
    try:
        from redis.exceptions import NoScriptError, RedisError
    except ImportError as error:
        logger.error("REDIS_URL is set and the extra 'redis' is not installed.")
        raise Unreachable from error
    client = _client()
    try:
        try:
            return client.evalsha(script.digest, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(script.text, len(keys), *keys, *args)
    except (RedisError, OSError) as error:
        if monotonic() >= _resting_until:
            logger.warning("Redis does not answer (%s); the database does.", type(error).__name__)
        _resting_until = monotonic() + REST_SECONDS
        raise Unreachable from error


def forget() -> None:
    """Try again at once, with new connections; for tests and after a fork."""
    global _resting_until
    _resting_until = 0.0
    while _clients:
        _clients.popitem()[1].close()


def _client() -> Any:
    url = consent_settings.REDIS_URL
    client = _clients.get(url)
    if client is None:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        client = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            decode_responses=True,
            # One more try, for a connection that the server closed while it was idle.
            retry=Retry(NoBackoff(), 1),
        )
        client = _clients.setdefault(url, client)
    return client

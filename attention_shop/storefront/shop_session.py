"""Taking things out of a visitor's session, and the session with the last of them."""

from __future__ import annotations

from django.contrib.sessions.backends.base import SessionBase


def take_out(session: SessionBase, key: str) -> None:
    """Remove ``key``; a session that holds nothing more ends, and its cookie with it."""
    session.pop(key, None)
    if session.session_key is not None and not session.keys():
        session.flush()

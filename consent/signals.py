"""Name the one signal this floor sends."""

from __future__ import annotations

from django.dispatch import Signal

consent_withdrawn = Signal()
"""Sent after a withdrawal has committed: ``shopper_id`` (UUID), ``purposes`` (frozenset of
``Purpose`` withdrawn), ``generation`` (the new one). Errors of receivers are logged."""

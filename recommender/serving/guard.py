"""Reads that may fail without harming the host's page or its transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager

from consent.savepoints import host_transaction_kept
from recommender.serving.models import Placement


def reading() -> AbstractContextManager[None]:
    """Run reads of serving in a savepoint where the host has a transaction open."""
    return host_transaction_kept(Placement)

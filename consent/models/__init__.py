"""Register the models that live beside their subjects."""

from __future__ import annotations

from consent.erasure.models import Erasure
from consent.ledger.models import Decision, Kind, LedgerHead
from consent.people.models import ChoiceCount, ConsentState, Shopper
from consent.policies.models import PolicyVersion

__all__ = [
    "ChoiceCount",
    "ConsentState",
    "Decision",
    "Erasure",
    "Kind",
    "LedgerHead",
    "PolicyVersion",
    "Shopper",
]

"""Register the models that live beside their subjects."""

from __future__ import annotations

from consent.erasure.models import Erasure, Proof
from consent.ledger.models import Decision, Kind, LedgerHead
from consent.people.models import ChoiceCount, ConsentState, Shopper
from consent.policies.models import PolicyVersion
from consent.retention.models import RetentionRun
from consent.rights.models import DataRequest
from consent.staff.models import Access, AccessHead

__all__ = [
    "Access",
    "AccessHead",
    "ChoiceCount",
    "ConsentState",
    "DataRequest",
    "Decision",
    "Erasure",
    "Kind",
    "LedgerHead",
    "PolicyVersion",
    "Proof",
    "RetentionRun",
    "Shopper",
]

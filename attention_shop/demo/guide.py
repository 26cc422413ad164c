"""What the demo prints: where to look, and who may sign in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse


def guide(*, shop: str, proof: UUID, logins: str) -> str:
    """Return the pages worth a look and the logins.

    Args:
        shop: address of the shop, without a slash at its end.
        proof: id of the proof of the demo's deletion.
        logins: what ``demo_accounts`` printed.
    """
    rows: list[tuple[str, str, list[Any]]] = [
        ("shop", "attention_storefront:home", []),
        ("your choice", "attention_consent:preferences", []),
        ("what is held, rights", "attention_consent:rights", []),
        ("versions of the text", "attention_consent:policy_version", [2]),
        ("proof of a deletion", "attention_consent:proof", [proof]),
        ("verify a receipt", "attention_consent:verify", []),
        ("admin", "admin:index", []),
        ("requests of people", "admin:attention_consent_datarequest_changelist", []),
        ("the ledger", "admin:attention_consent_decision_changelist", []),
        ("open personal data", "admin:attention_consent_open", []),
        ("retention", "admin:attention_consent_retentionrun_changelist", []),
    ]
    pages = [f"  {name:22}{shop}{reverse(view, args=args)}" for name, view, args in rows]
    mails = f"  {'mails of the shop':22}{settings.VAR_DIR / 'mail'}"
    people = [f"  {line}" for line in logins.splitlines()]
    return "\n".join([*pages, mails, "", *people, ""])

"""Guard the ledger in the database: decisions are only added, the head of a chain only moves on."""

from __future__ import annotations

from consent.chains.guards import Guards

DECISION = "attention_consent_decision"
HEAD = "attention_consent_ledgerhead"

GUARDS = Guards(
    rows=DECISION,
    head=HEAD,
    prefix="attention_consent_ledger",
    what="the ledger",
    went_back=(
        "NEW.site_id <> OLD.site_id OR NEW.sequence < OLD.sequence "
        "OR (NEW.sequence = OLD.sequence AND NEW.hash <> OLD.hash)"
    ),
)
install, drop, missing, lifted = GUARDS.install, GUARDS.drop, GUARDS.missing, GUARDS.lifted

"""Guard the record of accesses in the database.

A row is only added, and only deleted once its site's head says that it is no longer kept; both
ends of a chain only move on.
"""

from __future__ import annotations

from consent.chains.guards import Guards

ACCESS = "attention_consent_access"
HEAD = "attention_consent_accesshead"

GUARDS = Guards(
    rows=ACCESS,
    head=HEAD,
    prefix=ACCESS,
    what="the record of accesses",
    went_back=(
        "NEW.site_id <> OLD.site_id OR NEW.sequence < OLD.sequence "
        "OR NEW.kept_after < OLD.kept_after OR NEW.kept_after > NEW.sequence "
        "OR (NEW.sequence = OLD.sequence AND NEW.hash <> OLD.hash) "
        "OR (NEW.kept_after = OLD.kept_after AND NEW.kept_after_hash <> OLD.kept_after_hash)"
    ),
    is_kept=(
        f"OLD.sequence > COALESCE((SELECT kept_after FROM {HEAD} "  # noqa: S608
        "WHERE site_id = OLD.site_id), 0)"
    ),
)
install, drop, missing, lifted = GUARDS.install, GUARDS.drop, GUARDS.missing, GUARDS.lifted

"""The signed proof of a deletion: what was held and is gone, what stays and why, without a name.

The document is a JSON object with sorted keys, no white space, in ASCII; Ed25519 signs exactly
these bytes. It holds numbers, labels, hashes and times, and the place of the decision in the
ledger: nobody finds the person by it once their key is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils import translation

from consent import signing
from consent.conf import consent_settings
from consent.decisions import names
from consent.erasure.counting import Count, decision_of
from consent.erasure.models import Erasure, Proof
from consent.holdings import Derived, Holding, all_holdings
from consent.signing import Signature

TYPE = "attention.consent.erasure-proof/1"


class ReadProof(NamedTuple):
    """A proof as it was signed. ``is_genuine`` tells whether one of the shop's keys signed it."""

    id: UUID
    document: dict[str, Any]
    payload: bytes
    signature: Signature
    is_genuine: bool


def derived_of(shopper_id: UUID) -> list[Derived]:
    """Return what was made from a person's data, by every holding that knows of such things."""
    return [
        each
        for holding in all_holdings()
        if holding.derived is not None
        for each in holding.derived(shopper_id)
    ]


def make_proof(
    *, erasure: Erasure, counts: Iterable[Count], derived: Iterable[Derived], moment: datetime
) -> Proof | None:
    """Sign and store the proof of an erasure that ends at ``moment``, under the id it was given.

    Returns None for one from before there were proofs. The proof that is there already is kept.
    """
    if erasure.proof is None:
        return None
    payload = json.dumps(
        _document(erasure, list(counts), derived, moment), sort_keys=True, separators=(",", ":")
    )
    signature = signing.sign_document(payload.encode("ascii"))
    proof, _ = Proof.objects.get_or_create(
        pk=erasure.proof,
        defaults={
            "site_id": erasure.site_id,
            "document": payload,
            "kid": signature.kid,
            "algorithm": signature.algorithm,
            "signature": signing.encode(signature.value),
            "created_at": moment,
        },
    )
    return proof


def proof_of(*, erasure_id: int) -> UUID | None:
    """Return the id under which the person finds the proof of an erasure, finished or not."""
    return Erasure.objects.filter(pk=erasure_id).values_list("proof", flat=True).first()


def read_proof(proof_id: UUID) -> ReadProof | None:
    """Return a proof, or None where there is none (yet)."""
    proof = Proof.objects.filter(pk=proof_id).first()
    if proof is None:
        return None
    payload = proof.document.encode("ascii")
    signature = Signature(proof.kid, proof.algorithm, signing.decode(proof.signature))
    return ReadProof(
        id=proof.pk,
        document=json.loads(payload),
        payload=payload,
        signature=signature,
        is_genuine=signing.verify_document(payload, signature),
    )


def is_awaited(proof_id: UUID) -> bool:
    """Tell whether a deletion that is still going on will end with this proof."""
    return Erasure.objects.due().filter(proof=proof_id).exists()


def _document(
    erasure: Erasure, counts: list[Count], derived: Iterable[Derived], moment: datetime
) -> dict[str, Any]:
    holdings = {holding.label: holding for holding in all_holdings()}
    decision = decision_of(erasure)
    with translation.override(settings.LANGUAGE_CODE):
        return {
            "type": TYPE,
            "id": str(erasure.proof),
            "site": erasure.site_id,
            "requested_at": _utc(erasure.requested_at),
            "finished_at": _utc(moment),
            "purposes": names(erasure.purposes).split(),
            "rows_deleted": erasure.rows,
            "rows_moved": erasure.rows_moved,
            "ledger": (
                {"sequence": decision.sequence, "hash": decision.hash} if decision else None
            ),
            "holdings": [_held(each, holdings.get(each["label"])) for each in counts],
            "models": [_made(each) for each in derived],
            "backups_until": _utc(moment + timedelta(days=consent_settings.BACKUP_DAYS)),
        }


def _held(count: Count, holding: Holding | None) -> dict[str, Any]:
    return {
        **count,
        "title": str(holding.title) if holding else count["label"],
        "tables": list(holding.models) if holding else [],
        "kept_by_law": str(holding.kept_by_law) if holding else "",
    }


def _made(each: Derived) -> dict[str, Any]:
    return {
        "label": each.label,
        "id": each.id,
        "hash": each.hash,
        "deadline": _utc(each.deadline) if each.deadline else None,
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")

"""The page of a proof, and the two files that verify it: what was signed, and the signature."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consent.conf import consent_settings
from consent.erasure.proofs import ReadProof, is_awaited, read_proof
from consent.privacy import mark_personal


@transaction.non_atomic_requests
@require_safe
def proof(request: HttpRequest, proof_id: UUID) -> HttpResponse:
    """Show a proof to whoever knows its id; 202 while the deletion is still going on."""
    mark_personal(request)
    found = read_proof(proof_id)
    if found is None and not is_awaited(proof_id):
        raise Http404(_("There is no such proof."))
    context: dict[str, Any] = {
        "base_template": consent_settings.BASE_TEMPLATE,
        "hide_notice": True,
        "proof": found,
    }
    if found is not None:
        context |= _shown(found)
    status = 200 if found else 202
    return render(request, "attention_consent/proof.html", context, status=status)


@transaction.non_atomic_requests
@require_safe
def proof_document(request: HttpRequest, proof_id: UUID) -> HttpResponse:
    """Give exactly the bytes that were signed."""
    mark_personal(request)
    return _file(_found(proof_id).payload, "application/json", "deletion-proof.json")


@transaction.non_atomic_requests
@require_safe
def proof_signature(request: HttpRequest, proof_id: UUID) -> HttpResponse:
    """Give the signature, 64 bytes, as ``openssl`` reads it."""
    mark_personal(request)
    signature = _found(proof_id).signature.value
    return _file(signature, "application/octet-stream", "deletion-proof.sig")


def _found(proof_id: UUID) -> ReadProof:
    found = read_proof(proof_id)
    if found is None:
        raise Http404(_("There is no such proof."))
    return found


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown(found: ReadProof) -> dict[str, Any]:
    document = found.document
    return {
        "finished_at": parse_datetime(document["finished_at"]),
        "backups_until": parse_datetime(document["backups_until"]),
        "holdings": [each for each in document["holdings"] if each["before"] or each["after"]],
        "models": [
            {**each, "deadline": parse_datetime(each["deadline"]) if each["deadline"] else None}
            for each in document["models"]
        ],
        "ledger": document["ledger"],
    }

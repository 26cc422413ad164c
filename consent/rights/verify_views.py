"""Let anybody verify what the shop signed: receipts, and proofs of a deletion."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consent.ledger.models import Decision
from consent.origin import require_same_origin
from consent.rights.forms import DOCUMENT_LIMIT, VerifyForm
from consent.rights.pages import show
from consent.signed_file import BadFile, SignedFile, read_file
from consent.signing import ALGORITHM, Signature, public_keys

SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. ``in_ledger`` is None where the document names no place in the ledger."""

    is_genuine: bool
    kid: str = ""
    type: str = ""
    in_ledger: bool | None = None


@csrf_exempt
@transaction.non_atomic_requests
@require_same_origin
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Verify a document that was pasted or chosen; keep nothing of it."""
    context: dict[str, Any] = {"keys": list(public_keys().values()), "form": VerifyForm()}
    if request.method != "POST":
        return show(request, "verify", context)
    form = VerifyForm(request.POST, request.FILES)
    verdict = _verdict(form) if form.is_valid() else None
    if verdict is None:
        return show(request, "verify", {**context, "is_unread": True}, status=400)
    return show(request, "verify", {**context, "verdict": verdict})


@transaction.non_atomic_requests
@require_safe
def key(request: HttpRequest, kid: str) -> HttpResponse:
    """Give one public key as the file ``openssl`` reads."""
    found = public_keys().get(kid)
    if found is None:
        raise Http404(_("There is no such key."))
    response = HttpResponse(found.pem, content_type="application/x-pem-file")
    response["Content-Disposition"] = f'attachment; filename="{kid}.pem"'
    response["Cache-Control"] = "public, max-age=300"
    return response


def _verdict(form: VerifyForm) -> Verdict | None:
    text = _bytes(form.cleaned_data["document"]) or form.cleaned_data["text"].encode()
    value = _bytes(form.cleaned_data["signature"])
    try:
        found = _detached(text, value) if value else read_file(text)
    except BadFile:
        return None
    if not found.is_genuine:
        return Verdict(is_genuine=False)
    kind = str(found.content.get("type", ""))
    return Verdict(True, found.signature.kid, kind, _in_ledger(found.content))


def _detached(payload: bytes, value: bytes) -> SignedFile:
    """Return a document whose signature is a file of its own, with the key that made it."""
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        raise BadFile("This is no signed document.") from None
    if not isinstance(content, dict) or len(value) != SIGNATURE_BYTES:
        raise BadFile("This is no signed document.")
    kids = [each.kid for each in public_keys().values() if each.verifies(payload, value)]
    return SignedFile(content, payload, Signature(kids[0] if kids else "", ALGORITHM, value))


def _in_ledger(content: dict[str, Any]) -> bool | None:
    """Tell whether the ledger holds the row a genuine document names."""
    place = content.get("ledger")
    if not isinstance(place, dict):
        return None
    rows = Decision.objects.for_site(int(place.get("site") or content.get("site") or 0))
    sequence, row_hash = int(place.get("sequence") or 0), str(place.get("hash") or "")
    return rows.filter(sequence=sequence, hash=row_hash).exists()


def _bytes(file: UploadedFile[Any] | None) -> bytes:
    return file.read(DOCUMENT_LIMIT) if file is not None else b""

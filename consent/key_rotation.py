"""Create, rotate and destroy the master keys of the key file; tell what needs an old one."""

from __future__ import annotations

import base64
import json
import os
import secrets
from datetime import timedelta
from uuid import UUID

from django.db.models import Min
from django.utils import timezone

from consent import keys
from consent.conf import consent_settings
from consent.keys import MasterKey
from consent.ledger.append import subject_with
from consent.ledger.models import Decision, Kind
from consent.people.models import Shopper
from consent.signing import public_half
from consent.staff.models import Access

_CHUNK = 500

Rows = list[dict[str, str]]


class KeyNeeded(ValueError):  # noqa: N818
    """A key that must not be destroyed: it signs, or something still needs it."""


def read_file() -> Rows:
    """Return the rows of the key file, none where there is no file.

    Raises ``ImproperlyConfigured`` when they cannot be used.
    """
    path = keys.keys_path()
    if not path.is_file():
        return []
    text = path.read_text()
    keys.parse(text, source="file")
    rows: Rows = json.loads(text)
    return rows


def add_key() -> None:
    """Put a new key first in the key file, making the file if there is none."""
    rows = read_file()
    kid = _new_kid({row["kid"] for row in rows})
    _write([keys.generate(kid), *rows])


def destroy_key(kid: str, *, force: bool = False) -> dict[str, str]:
    """Replace a key's secret by its public half; return the row that stays.

    What it signed as a document still verifies; its cookies and the subjects it gave to people
    in the ledger are lost for good. Where the keys come from the settings or the environment
    the caller replaces the row there. Raises ``LookupError`` for an unknown key, ``KeyNeeded``
    for the one that signs and, unless ``force``, for one that something still needs.
    """
    ring = keys.keyring()
    key = ring.get(kid)
    if key is None:
        raise LookupError(f"There is no master key {kid!r}.")
    if key is ring.first:
        raise KeyNeeded("The key that signs cannot be destroyed. Rotate first.")
    needs = [] if force else needs_of(key)
    if needs:
        raise KeyNeeded(" ".join(needs))
    left = {"kid": kid, "public": base64.b64encode(public_half(key)).decode()}
    if ring.source == "file":
        _overwrite([left if row["kid"] == kid else row for row in read_file()])
    return left


def needs_of(key: MasterKey) -> list[str]:
    """Return one sentence for each thing that would be lost with an old key's secret."""
    needs = []
    people = _people_under(key)
    if people:
        needs.append(
            f"{people} people would no longer find what they decided, or who looked, under it."
        )
    if _imports_under(key):
        needs.append("A repeated import would no longer recognize people erased under it.")
    ring = keys.keyring()
    newer = [each.kid for each in ring.keys[: ring.keys.index(key)]]
    replaced = Decision.objects.filter(kid__in=newer).aggregate(at=Min("recorded_at"))["at"]
    lasts = timedelta(days=consent_settings.KEY_DAYS + 1)
    if replaced is None:
        needs.append("No decision was recorded under a newer key yet: browsers may hold its name.")
    elif timezone.now() < replaced + lasts:
        needs.append(f"Cookies it signed are valid until {replaced + lasts:%Y-%m-%d}.")
    return needs


def _people_under(key: MasterKey) -> int:
    """Count the people still known who decided, or were looked up, while ``key`` named them."""
    if not any(rows.filter(kid=key.kid).exists() for rows in (Decision.objects, Access.objects)):
        return 0
    people, chunk = 0, list[UUID]()
    for shopper_id in Shopper.objects.values_list("pk", flat=True).iterator():
        chunk.append(shopper_id)
        if len(chunk) == _CHUNK:
            people, chunk = people + _known(key, chunk), []
    return people + _known(key, chunk)


def _known(key: MasterKey, shopper_ids: list[UUID]) -> int:
    subjects = [subject_with(key, shopper_id) for shopper_id in shopper_ids]
    known: set[str] = set()
    for rows in (Decision.objects, Access.objects):
        found = rows.filter(kid=key.kid, subject__in=subjects).order_by()
        known.update(found.values_list("subject", flat=True).distinct())
    return len(known)


def _imports_under(key: MasterKey) -> bool:
    """Tell whether imported people decided under ``key`` and somebody was erased under it."""
    rows = Decision.objects.filter(kid=key.kid)
    return (
        rows.filter(kind=Kind.IMPORTED).exists()
        and rows.filter(kind__in=[Kind.ERASED, Kind.WITHDRAWN]).exists()
    )


def _write(rows: Rows) -> None:
    """Replace the key file in one step."""
    path = keys.keys_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(temporary, flags, 0o600), "w") as file:
        json.dump(rows, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    keys.keyring.cache_clear()


def _overwrite(rows: Rows) -> None:
    """Replace the key file, and fill with noise what the old one held."""
    with keys.keys_path().open("r+b") as old:
        _write(rows)
        old.write(secrets.token_bytes(os.fstat(old.fileno()).st_size))
        old.flush()
        os.fsync(old.fileno())


def _new_kid(taken: set[str]) -> str:
    base = f"k{timezone.now():%Y%m}"
    names = [base, *(f"{base}-{number}" for number in range(2, 1000))]
    return next(name for name in names if name not in taken)

"""Documents that anybody can verify, and keys that come and go."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from pytest_django import Settings

from consent import keys, services, signing
from consent.key_rotation import KeyNeeded, destroy_key, needs_of
from consent.ledger.models import Decision
from consent.models import Shopper
from consent.purposes import Purpose
from tests.consent.support import new_shopper

OLD = {"kid": "old", "key": base64.b64encode(b"o" * 32).decode()}
FINAL = (
    "11b8317f1e9aa92f461b3ad9c67f155451dd5da6fac43f966ac401ef9e69fe0f"
    "a27823e5a3638654855ac6c6e4a855e3cd52cf8e649314d9c1f5cca807ebc407"
)
NEW = {"kid": "new", "key": base64.b64encode(b"n" * 32).decode()}


@pytest.fixture(autouse=True)
def _fresh_keyring() -> Iterator[None]:
    keys.keyring.cache_clear()
    yield
    keys.keyring.cache_clear()


@pytest.fixture
def key_file(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A key file with one key."""
    path = tmp_path / "keys.json"
    own = {key: value for key, value in settings.ATTENTION_CONSENT.items() if key != "KEYS"}
    settings.ATTENTION_CONSENT = {**own, "KEYS_FILE": path}
    monkeypatch.delenv(keys.ENVIRONMENT, raising=False)
    call_command("consent_keys", "--create", stdout=StringIO())
    return path


def use(settings: Settings, *rows: dict[str, str]) -> None:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "KEYS": list(rows)}


def kids(path: Path) -> list[str]:
    return [row["kid"] for row in json.loads(path.read_text())]


@with_settings(deadline=None)
@given(st.binary(max_size=300), st.data())
def test_a_document_verifies_and_no_other_does(payload: bytes, data: st.DataObject) -> None:
    signature = signing.sign_document(payload)
    assert len(signature.value) == 64
    assert signing.verify_document(payload, signature)
    other = data.draw(st.binary(max_size=300).filter(lambda each: each != payload))
    assert not signing.verify_document(other, signature)
    place = data.draw(st.integers(0, 63))
    value = bytearray(signature.value)
    value[place] ^= data.draw(st.integers(1, 255))
    assert not signing.verify_document(payload, signature._replace(value=bytes(value)))


def test_the_form_of_a_signature_is_final(settings: Settings) -> None:
    """Receipts are kept for years: the same key signs the same bytes alike, for ever."""
    use(settings, OLD)
    kid, algorithm, value = signing.sign_document(b"document")
    assert (kid, algorithm) == ("old", "Ed25519")
    assert value.hex() == FINAL
    assert signing.public_keys()["old"].pem.startswith("-----BEGIN PUBLIC KEY-----\n")


@pytest.mark.parametrize(
    "changes", [{"kid": "else"}, {"algorithm": "none"}, {"value": b""}, {"value": b"x" * 64}]
)
def test_a_foreign_signature_is_refused(changes: dict[str, Any]) -> None:
    signature = signing.sign_document(b"document")
    assert not signing.verify_document(b"document", signature._replace(**changes))


def test_rotation_keeps_old_documents_and_a_destroyed_key_signs_no_more(
    settings: Settings,
) -> None:
    use(settings, OLD)
    signature = signing.sign_document(b"document")
    public = base64.b64encode(signing.public_keys()["old"].raw).decode()
    use(settings, NEW, OLD)
    assert signing.sign_document(b"document").kid == "new"
    assert signing.verify_document(b"document", signature)
    assert [(key.kid, key.signs) for key in signing.public_keys().values()] == [
        ("new", True),
        ("old", False),
    ]
    use(settings, NEW, {"kid": "old", "public": public})
    assert signing.verify_document(b"document", signature)
    assert keys.keyring().get("old") is None
    use(settings, NEW)
    assert not signing.verify_document(b"document", signature)


def test_the_published_keys_hold_no_secret(client: Client, settings: Settings) -> None:
    use(settings, NEW, OLD)
    response = client.get("/attention/keys/")
    listed = response.json()["keys"]
    assert [(key["kid"], key["signs"]) for key in listed] == [("new", True), ("old", False)]
    assert set(listed[0]) == {"kid", "algorithm", "public_key", "signs"}
    for secret in (b"n" * 32, b"o" * 32):
        assert base64.b64encode(secret) not in response.content
        assert secret not in response.content
    assert not response.cookies


def test_the_key_that_signs_is_never_destroyed(key_file: Path) -> None:
    (kid,) = kids(key_file)
    before = key_file.read_text()
    with pytest.raises(KeyNeeded, match="Rotate first"):
        destroy_key(kid, force=True)
    with pytest.raises(CommandError, match="no master key 'else'"):
        call_command("consent_keys", "--destroy", "else")
    assert key_file.read_text() == before


@pytest.mark.django_db
def test_an_old_key_is_kept_while_anything_needs_it(site: Site, key_file: Path) -> None:
    """People who decided under it, imports, and cookies it may have signed."""
    (old,) = kids(key_file)
    shopper = new_shopper(site)
    services.import_decision(
        site=site,
        purposes={Purpose.ANALYTICS},
        importer="shop",
        legal_basis="consent",
        evidence_hash="a" * 64,
    )
    services.erase(shopper_id=new_shopper(site).pk, actor="shopper")
    call_command("consent_keys", "--rotate", stdout=StringIO())
    before = key_file.read_text()
    key = keys.keyring().get(old)
    assert key is not None
    assert needs_of(key) == [
        "2 people would no longer find what they decided, or who looked, under it.",
        "A repeated import would no longer recognize people erased under it.",
        "No decision was recorded under a newer key yet: browsers may hold its name.",
    ]
    with pytest.raises(CommandError, match=f"{old} is still needed. 2 people"):
        call_command("consent_keys", "--destroy", old)
    assert key_file.read_text() == before
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    until = timezone.now() + timedelta(days=366)
    assert needs_of(key)[-1] == f"Cookies it signed are valid until {until:%Y-%m-%d}."


@pytest.mark.django_db
def test_a_key_nobody_needs_is_destroyed(
    site: Site, key_file: Path, settings: Settings, unguarded_ledger: None
) -> None:
    (old,) = kids(key_file)
    shopper = new_shopper(site)
    signature = signing.sign_document(b"document")
    token = keys.sign("key", b"x")
    secret = json.loads(key_file.read_text())[0]["key"]
    services.erase(shopper_id=shopper.pk, actor="shopper")
    call_command("consent_keys", "--rotate", stdout=StringIO())
    new_shopper(site)
    Decision.objects.update(recorded_at=timezone.now() - timedelta(days=400))

    out = StringIO()
    call_command("consent_keys", "--destroy", old, stdout=out)

    assert out.getvalue() == f"The secret of {old} is destroyed; its public half is kept.\n"
    assert secret not in key_file.read_text()
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert signing.verify_document(b"document", signature)
    with pytest.raises(keys.BadToken):
        keys.unsign("key", token)
    out = StringIO()
    call_command("consent_keys", stdout=out)
    assert out.getvalue().splitlines()[1] == f"destroyed: {old}"
    call_command("consent_keys", "--rotate", stdout=StringIO())
    assert old in kids(key_file)


@pytest.mark.django_db
def test_force_destroys_a_key_that_leaked(site: Site, key_file: Path) -> None:
    (old,) = kids(key_file)
    new_shopper(site)
    call_command("consent_keys", "--rotate", stdout=StringIO())
    call_command("consent_keys", "--destroy", old, "--force", stdout=StringIO())
    assert keys.keyring().get(old) is None
    assert Shopper.objects.count() == 1


@pytest.mark.django_db
def test_keys_of_the_environment_are_replaced_by_hand(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {key: value for key, value in settings.ATTENTION_CONSENT.items() if key != "KEYS"}
    monkeypatch.setenv(keys.ENVIRONMENT, json.dumps([NEW, OLD]))
    settings.ATTENTION_CONSENT = own
    out = StringIO()
    call_command("consent_keys", "--destroy", "old", "--force", stdout=out)
    left = json.loads(out.getvalue().split("replace old by: ")[1])
    monkeypatch.setenv(keys.ENVIRONMENT, json.dumps([NEW, left]))
    keys.keyring.cache_clear()
    assert list(signing.public_keys()) == ["new", "old"]
    assert keys.keyring().get("old") is None

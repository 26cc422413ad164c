from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from pytest_django import Settings

from consent import keys

OLD = {"kid": "old", "key": base64.b64encode(b"o" * 32).decode()}
NEW = {"kid": "new", "key": base64.b64encode(b"n" * 32).decode()}


@pytest.fixture(autouse=True)
def _fresh_keyring() -> Iterator[None]:
    keys.keyring.cache_clear()
    yield
    keys.keyring.cache_clear()


def use(settings: Settings, *rows: dict[str, str]) -> None:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "KEYS": list(rows)}


@with_settings(deadline=None)
@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_was_signed_is_read_back(payload: bytes, label: str) -> None:
    assert keys.unsign(label, keys.sign(label, payload)) == payload


@with_settings(deadline=None)
@given(st.binary(max_size=40), st.data())
def test_a_token_changed_anywhere_is_refused(payload: bytes, data: st.DataObject) -> None:
    token = keys.sign("key", payload)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda c: c != token[place]))
    with pytest.raises(keys.BadToken):
        keys.unsign("key", token[:place] + letter + token[place + 1 :])


@with_settings(deadline=None)
@given(st.text(max_size=80))
def test_any_other_text_is_refused(token: str) -> None:
    with pytest.raises(keys.BadToken):
        keys.unsign("key", token)


def test_a_token_is_valid_for_its_label_alone() -> None:
    with pytest.raises(keys.BadToken):
        keys.unsign("visit", keys.sign("key", b"x"))


def test_the_first_key_signs_and_all_verify(settings: Settings) -> None:
    use(settings, OLD)
    token = keys.sign("key", b"x")
    assert token.startswith("old.")
    use(settings, NEW, OLD)
    assert keys.sign("key", b"x").startswith("new.")
    assert keys.unsign("key", token) == b"x"
    use(settings, NEW)
    with pytest.raises(keys.BadToken):
        keys.unsign("key", token)


def test_a_key_of_the_same_name_with_another_secret_is_refused(settings: Settings) -> None:
    use(settings, OLD)
    token = keys.sign("key", b"x")
    use(settings, {"kid": "old", "key": NEW["key"]})
    with pytest.raises(keys.BadToken):
        keys.unsign("key", token)


def test_pseudonyms_differ_by_purpose_period_and_person(settings: Settings) -> None:
    use(settings, OLD)
    one, two = uuid.UUID(int=1), uuid.UUID(int=2)
    names = {
        keys.pseudonym("manifest", "2026-11", one),
        keys.pseudonym("manifest", "2026-12", one),
        keys.pseudonym("report", "2026-11", one),
        keys.pseudonym("manifest", "2026-11", two),
    }
    assert len(names) == 4
    assert all(len(name) == 64 for name in names)
    assert keys.pseudonym("manifest", "2026-11", one) in names


@pytest.mark.parametrize(
    "given",
    [
        "not json",
        "[]",
        "{}",
        '[{"kid": "a"}]',
        '[{"kid": "a", "key": "c2hvcnQ="}]',
        json.dumps([{"kid": "a b", "key": OLD["key"]}]),
        json.dumps([OLD, OLD]),
        '[{"kid": "a", "key": "***"}]',
        '["kid"]',
        json.dumps([{"kid": "old", "public": OLD["key"]}]),
        json.dumps([NEW, {"kid": "old", "public": "c2hvcnQ="}]),
    ],
)
def test_keys_that_cannot_be_used_are_refused_without_quoting_them(given: str) -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        keys.parse(given, source="settings")
    assert OLD["key"] not in str(error.value)


def test_without_keys_nothing_is_signed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.ATTENTION_CONSENT = {"KEYS_FILE": tmp_path / "none.json"}
    monkeypatch.delenv(keys.ENVIRONMENT, raising=False)
    monkeypatch.setitem(keys._development, "allowed", False)
    with pytest.raises(keys.KeysMissing):
        keys.sign("key", b"x")
    monkeypatch.setitem(keys._development, "allowed", True)
    assert keys.sign("key", b"x").startswith("debug.")


def test_the_command_makes_a_private_file_and_rotates_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "var" / "keys.json"
    settings.ATTENTION_CONSENT = {"KEYS_FILE": path}
    monkeypatch.delenv(keys.ENVIRONMENT, raising=False)
    call_command("consent_keys", "--create")
    token = keys.sign("key", b"x")
    call_command("consent_keys", "--create")
    assert len(json.loads(path.read_text())) == 1
    call_command("consent_keys", "--rotate")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [row["kid"] for row in json.loads(path.read_text())][1] == token.split(".")[0]
    assert keys.unsign("key", token) == b"x"

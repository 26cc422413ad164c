"""Hold the master keys, and sign, verify and pseudonymize with keys derived from them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.encoding import force_bytes

from consent.conf import consent_settings

ENVIRONMENT = "ATTENTION_KEYS"
_KID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_TOKEN_LIMIT = 4096


class BadToken(ValueError):  # noqa: N818
    """A token that is malformed, altered, or signed by an unknown key."""


class KeysMissing(ImproperlyConfigured):
    """No master keys are configured, and this is no development installation."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A named secret of at least 32 bytes."""

    kid: str
    secret: bytes

    def derive(self, label: str) -> bytes:
        """Return the 32-byte key for ``label`` (HMAC-SHA256 as a key derivation)."""
        return hmac.digest(self.secret, b"attention-shop/1/" + label.encode(), "sha256")


@dataclass(frozen=True, slots=True)
class DestroyedKey:
    """What is left of a master key: its name, and the public half that verifies documents."""

    kid: str
    public: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    """The master keys: the first signs, all verify. ``source`` says where they came from."""

    keys: tuple[MasterKey, ...]
    source: str
    destroyed: tuple[DestroyedKey, ...] = ()

    @property
    def first(self) -> MasterKey:
        return self.keys[0]

    def get(self, kid: str) -> MasterKey | None:
        return next((key for key in self.keys if key.kid == kid), None)


_development = {"allowed": False}


def allow_development_keys(allowed: bool) -> None:
    """Say whether keys may be derived from ``SECRET_KEY`` where there are none.

    The app says so once, when it starts under ``DEBUG``; a test runner that switches ``DEBUG``
    off afterwards keeps its keys.
    """
    _development["allowed"] = allowed
    keyring.cache_clear()


@lru_cache(maxsize=1)
def keyring() -> Keyring:
    """Return the master keys, read once a process.

    Raises ``KeysMissing`` when there are none and development keys are not allowed,
    ``ImproperlyConfigured`` when they cannot be read.
    """
    given = consent_settings.KEYS
    if given:
        return parse(given, source="settings")
    if os.environ.get(ENVIRONMENT):
        return parse(os.environ[ENVIRONMENT], source="environment")
    path = keys_path()
    if path.is_file():
        return parse(path.read_text(), source="file")
    if _development["allowed"]:
        secret = hashlib.sha256(
            b"attention-shop/debug/" + force_bytes(settings.SECRET_KEY)
        ).digest()
        return Keyring((MasterKey("debug", secret),), source="debug")
    raise KeysMissing(
        f"No master keys: set {ENVIRONMENT}, or run 'manage.py consent_keys --create' "
        f"to write {path}."
    )


@receiver(setting_changed)
def _forget_keys(*, setting: str, **kwargs: Any) -> None:
    if setting in {consent_settings.setting, "SECRET_KEY", "BASE_DIR"}:
        keyring.cache_clear()


def keys_path() -> Path:
    """Return the path of the key file."""
    base = Path(getattr(settings, "BASE_DIR", "."))
    return base / consent_settings.KEYS_FILE


def parse(given: str | Sequence[Mapping[str, str]], *, source: str) -> Keyring:
    """Return the keys of a list of ``{"kid", "key"}`` or of its JSON text.

    A key that was destroyed is ``{"kid", "public"}``. Raises ``ImproperlyConfigured`` without
    ever quoting a secret.
    """
    try:
        rows = json.loads(given) if isinstance(given, str) else given
        keys = tuple(MasterKey(row["kid"], _raw(row["key"])) for row in rows if "key" in row)
        destroyed = tuple(
            DestroyedKey(row["kid"], _raw(row["public"])) for row in rows if "key" not in row
        )
    except (ValueError, KeyError, TypeError):
        raise ImproperlyConfigured(
            'Master keys must be a list of {"kid": name, "key": base64 of 32 bytes}.'
        ) from None
    kids = [*(key.kid for key in keys), *(key.kid for key in destroyed)]
    if not keys or len(set(kids)) != len(kids) or not all(_KID.fullmatch(kid) for kid in kids):
        raise ImproperlyConfigured(
            "Master keys need distinct names of 1 to 16 letters, digits, '-' or '_'."
        )
    if any(len(key.secret) < 32 for key in keys):
        raise ImproperlyConfigured("A master key must have at least 32 bytes.")
    if any(len(key.public) != 32 for key in destroyed):
        raise ImproperlyConfigured("The public half of a destroyed key has 32 bytes.")
    return Keyring(keys, source, destroyed)


def generate(kid: str) -> dict[str, str]:
    """Return a new random key in the form the settings take."""
    return {"kid": kid, "key": base64.b64encode(secrets.token_bytes(32)).decode()}


def sign(label: str, payload: bytes) -> str:
    """Return ``<kid>.<payload>.<mac>``, both parts base64url, valid for ``label`` alone."""
    key = keyring().first
    return f"{key.kid}.{_encode(payload)}.{_encode(_mac(key, label, payload))}"


def unsign(label: str, token: str) -> bytes:
    """Return the payload of a token made by ``sign`` with the same ``label``.

    Raises ``BadToken``.
    """
    if len(token) > _TOKEN_LIMIT or token.count(".") != 2:
        raise BadToken("malformed")
    kid, body, mac = token.split(".")
    key = keyring().get(kid)
    if key is None:
        raise BadToken("unknown key")
    payload = _decode(body)
    if not hmac.compare_digest(_decode(mac), _mac(key, label, payload)):
        raise BadToken("wrong signature")
    return payload


def pseudonym(purpose: str, period: str, shopper_id: UUID) -> str:
    """Return the 64 hex digits that stand for a person in ``purpose`` during ``period``."""
    return pseudonym_with(keyring().first, purpose, period, shopper_id)


def pseudonym_with(key: MasterKey, purpose: str, period: str, shopper_id: UUID) -> str:
    """Return the pseudonym under one given master key."""
    derived = key.derive(f"pseudonym/{purpose}/{period}")
    return hmac.new(derived, shopper_id.bytes, hashlib.sha256).hexdigest()


def _raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _mac(key: MasterKey, label: str, payload: bytes) -> bytes:
    return hmac.digest(key.derive(f"token/{label}"), key.kid.encode() + b"." + payload, "sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Decode canonical base64url; anything else, padded or altered in unused bits, is refused."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise BadToken("malformed") from None
    if _encode(raw) != text:
        raise BadToken("malformed")
    return raw

"""Sign documents that anybody can verify: checkpoints of the ledger, receipts, proofs.

Ed25519. The signing key is derived from a master key and bears its name, so nothing is stored,
every process signs alike, and rotating the master key rotates it. A destroyed master key keeps
its public half: what it signed stays verifiable, and nothing new can be signed with it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from consent.keys import MasterKey, keyring

ALGORITHM = "Ed25519"
_LABEL = "sign/Ed25519"


class Signature(NamedTuple):
    """A detached signature. ``value`` is the 64 bytes of Ed25519 over the payload as it is."""

    kid: str
    algorithm: str
    value: bytes


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a signing key that is published. ``signs`` tells whether it still signs."""

    kid: str
    raw: bytes
    signs: bool
    algorithm: str = ALGORITHM

    @property
    def pem(self) -> str:
        """The key as PEM (SubjectPublicKeyInfo), the form ``openssl`` reads."""
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def verifies(self, payload: bytes, value: bytes) -> bool:
        """Tell whether ``value`` signs exactly these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(value, payload)
        except (InvalidSignature, ValueError):
            return False
        return True


def sign_document(payload: bytes) -> Signature:
    """Sign ``payload`` with the key in force.

    The payload must say itself what kind of document it is: one key signs all kinds.
    """
    key = keyring().first
    return Signature(key.kid, ALGORITHM, _private(key).sign(payload))


def verify_document(payload: bytes, signature: Signature) -> bool:
    """Tell whether one of the shop's keys made ``signature`` over exactly ``payload``."""
    key = public_keys().get(signature.kid)
    if key is None or signature.algorithm != key.algorithm:
        return False
    return key.verifies(payload, signature.value)


def public_keys() -> dict[str, PublicKey]:
    """Return every published key by its name: the one that signs first, destroyed ones last."""
    ring = keyring()
    published = [PublicKey(key.kid, public_half(key), key is ring.first) for key in ring.keys]
    published += [PublicKey(key.kid, key.public, False) for key in ring.destroyed]
    return {key.kid: key for key in published}


def public_half(key: MasterKey) -> bytes:
    """Return the 32 bytes that verify what ``key`` signs, and that outlive it."""
    return _private(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def encode(value: bytes) -> str:
    """Return a signature as documents hold it: standard base64."""
    return base64.b64encode(value).decode()


def decode(text: str) -> bytes:
    """Return the bytes of ``encode``; raises ``ValueError`` for anything else."""
    return base64.b64decode(text, validate=True)


def _private(key: MasterKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.derive(_LABEL))

"""Write a signed document as a file that a person, a page and ``openssl`` can verify.

The file is JSON in five lines, so that common tools find its parts::

    {"signed":
    {...}
    ,"algorithm":"Ed25519","kid":"...","signature":
    "base64"
    }

Signed are the bytes of the second line without its end: an object with sorted keys, no white
space, in ASCII, of text, whole numbers, lists and objects only. A file that a program wrote anew
in another layout verifies still, because these bytes can be made from the object again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent import signing
from consent.signing import Signature


class BadFile(ValueError):  # noqa: N818
    """A text that is no signed document of this form."""


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A document and what was signed over it. ``payload`` are the bytes that were signed."""

    content: dict[str, Any]
    payload: bytes
    signature: Signature

    @property
    def is_genuine(self) -> bool:
        """Whether one of the shop's keys signed exactly this."""
        return signing.verify_document(self.payload, self.signature)

    def to_bytes(self) -> bytes:
        """Return the file."""
        kid, algorithm, value = self.signature
        lines = [
            '{"signed":',
            self.payload.decode("ascii"),
            f',"algorithm":"{algorithm}","kid":"{kid}","signature":',
            f'"{signing.encode(value)}"',
            "}\n",
        ]
        return "\n".join(lines).encode("ascii")


def sign_file(content: Mapping[str, Any]) -> SignedFile:
    """Sign a document; its ``type`` must say what kind it is, because one key signs all kinds."""
    if not content.get("type"):
        raise ValueError("A signed document names its type.")
    payload = payload_of(content)
    return SignedFile(dict(content), payload, signing.sign_document(payload))


def read_file(text: str | bytes) -> SignedFile:
    """Read what `SignedFile.to_bytes` wrote, also in another layout. Raises ``BadFile``."""
    try:
        row = json.loads(text)
        content, value = row["signed"], signing.decode(row["signature"])
        signature = Signature(str(row["kid"]), str(row["algorithm"]), value)
        if not isinstance(content, dict):
            raise BadFile("no object was signed")
        return SignedFile(content, payload_of(content), signature)
    except (ValueError, KeyError, TypeError, RecursionError, UnicodeError):
        raise BadFile("This is no signed document.") from None


def payload_of(content: Mapping[str, Any]) -> bytes:
    """Return the bytes of a document that are signed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode(
        "ascii"
    )

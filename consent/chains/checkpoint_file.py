"""Read the signed checkpoints of a site's chain, and say whether the file is whole.

One JSON object a line, oldest first::

    {"algorithm": "Ed25519", "checkpoint": {...}, "kid": "...", "signature": base64}

``checkpoint`` holds ``at`` (UTC), ``head`` (hash of the last row), ``previous`` (SHA-256 of the
line before, 64 zeros for the first), ``sequence`` (number of the last row), ``site`` and
``type`` (of which kind of chain). Signed are the bytes of this object with sorted keys and no
white space, in ASCII.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from consent import signing
from consent.chains.chain import Chain
from consent.conf import consent_settings
from consent.signing import PublicKey, Signature

FIRST_LINE = "0" * 64


class BadCheckpoint(ValueError):  # noqa: N818
    """A line that is no checkpoint of ours, or that does not follow the line before it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"checkpoint {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a site's chain of the kind ``type`` ended with at a moment."""

    at: str
    head: str
    previous: str
    sequence: int
    site: int
    type: str

    def payload(self) -> bytes:
        """Return the bytes that are signed."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode("ascii")


def ledger_dir() -> Path:
    """Return the folder of the checkpoint files."""
    return Path(getattr(settings, "BASE_DIR", ".")) / consent_settings.LEDGER_DIR


def path_of(chain: Chain, site_id: int, folder: Path | None = None) -> Path:
    return (folder or ledger_dir()) / f"{chain.file}-{site_id}.jsonl"


def sites_in(chain: Chain, folder: Path | None = None) -> set[int]:
    """Return the sites that have a file."""
    beginning = f"{chain.file}-"
    paths = (folder or ledger_dir()).glob(f"{beginning}*")
    names = (path.stem.removeprefix(beginning) for path in paths)
    return {int(name) for name in names if name.isdecimal()}


def signed_line(checkpoint: Checkpoint) -> bytes:
    """Sign a checkpoint and return its line, the end of line included."""
    signature = signing.sign_document(checkpoint.payload())
    row = {
        "algorithm": signature.algorithm,
        "checkpoint": asdict(checkpoint),
        "kid": signature.kid,
        "signature": signing.encode(signature.value),
    }
    return json.dumps(row, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def line_hash(line: bytes) -> str:
    """Return what the next checkpoint holds of a line (without its end of line)."""
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def complete_lines(content: bytes) -> list[bytes]:
    """Split a file; a last line without its end was being written when something stopped."""
    return content.split(b"\n")[:-1]


def read(chain: Chain, site_id: int, folder: Path | None = None) -> Iterator[Checkpoint]:
    """Yield the checkpoints of a site's chain, each once it has been checked against those before.

    Raises ``BadCheckpoint`` at the first line that is forged, changed, foreign or out of place;
    ``OSError`` when the file cannot be read. No file means no checkpoint.
    """
    path = path_of(chain, site_id, folder)
    if not path.exists():
        return
    published = signing.public_keys()
    previous, sequence = FIRST_LINE, 0
    for number, line in enumerate(complete_lines(path.read_bytes()), start=1):
        checkpoint = parse(chain, line, number, published)
        if checkpoint.site != site_id:
            raise BadCheckpoint(number, f"it belongs to site {checkpoint.site}")
        if checkpoint.previous != previous:
            raise BadCheckpoint(number, "the checkpoint before it was changed or removed")
        if checkpoint.sequence <= sequence:
            raise BadCheckpoint(number, f"it goes back to row {checkpoint.sequence}")
        previous, sequence = line_hash(line), checkpoint.sequence
        yield checkpoint


def parse(chain: Chain, line: bytes, number: int, published: dict[str, PublicKey]) -> Checkpoint:
    """Return the checkpoint of one line whose signature is right; raises ``BadCheckpoint``."""
    try:
        row: dict[str, Any] = json.loads(line)
        checkpoint = Checkpoint(**row["checkpoint"])
        signature = Signature(row["kid"], row["algorithm"], signing.decode(row["signature"]))
        payload = checkpoint.payload()
    except (ValueError, TypeError, KeyError):
        raise BadCheckpoint(number, "it cannot be read") from None
    key = published.get(signature.kid)
    if checkpoint.type != chain.signs:
        raise BadCheckpoint(number, f"it is a {checkpoint.type!r}")
    if key is None:
        raise BadCheckpoint(number, f"it names an unknown key {signature.kid!r}")
    if signature.algorithm != key.algorithm or not key.verifies(payload, signature.value):
        raise BadCheckpoint(number, "its signature is wrong")
    return checkpoint

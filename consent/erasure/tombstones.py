"""Remember outside the database who was erased, for as long as a backup could bring them back.

One JSON object a line in the folder of the checkpoints: ``at`` (UTC), ``generation``, ``kid``,
``purposes`` (what was withdrawn or erased), ``site`` and ``subject``. The subject is an HMAC of
the shopper's key under a label of its own: it leads to nobody, not even in the ledger, unless the
key itself comes back.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from consent import keys
from consent.chains.checkpoint_file import complete_lines, ledger_dir
from consent.conf import consent_settings

FILE = "tombstones.jsonl"
LABEL = "tombstone"


class BadTombstone(ValueError):  # noqa: N818
    """A line of the file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That one shopper withdrew ``purposes`` (their names) at a moment.

    ``generation`` is the one the withdrawal began: a state row with a lower one is older.
    """

    at: str
    generation: int
    kid: str
    purposes: list[str]
    site: int
    subject: str

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


def tombstones_path() -> Path:
    """Return the path of the file."""
    return ledger_dir() / FILE


def subject_under(key: keys.MasterKey, shopper_id: UUID) -> str:
    """Return what stands for a shopper in the file under one master key."""
    return keys.pseudonym_with(key, LABEL, "", shopper_id)


def bury(
    *, site_id: int, shopper_id: UUID, purposes: list[str], generation: int, at: datetime
) -> None:
    """Append a tombstone and wait until it is on the disk. A second one does no harm.

    Raises ``OSError`` when the folder cannot be written.
    """
    key = keys.keyring().first
    stone = Tombstone(
        at=at.isoformat(),
        generation=generation,
        kid=key.kid,
        purposes=purposes,
        site=site_id,
        subject=subject_under(key, shopper_id),
    )
    with _locked() as file:
        _cut_unfinished_line(file)
        os.write(file, _line(stone))
        os.fsync(file)


def read_tombstones() -> list[Tombstone]:
    """Return every tombstone, oldest first; none where there is no file.

    Raises ``BadTombstone``, ``OSError``.
    """
    path = tombstones_path()
    if not path.exists():
        return []
    return [
        _parse(line, number)
        for number, line in enumerate(complete_lines(path.read_bytes()), start=1)
    ]


def clear_tombstones() -> int:
    """Delete those older than the oldest backup (``BACKUP_DAYS``); return how many."""
    if not tombstones_path().exists():
        return 0
    oldest = timezone.now() - timedelta(days=consent_settings.BACKUP_DAYS)
    with _locked():
        stones = read_tombstones()
        kept = [stone for stone in stones if stone.moment >= oldest]
        if len(kept) < len(stones):
            _replace(b"".join(_line(stone) for stone in kept))
    return len(stones) - len(kept)


def _line(stone: Tombstone) -> bytes:
    return json.dumps(asdict(stone), sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def _parse(line: bytes, number: int) -> Tombstone:
    try:
        stone = Tombstone(**json.loads(line))
        is_aware = stone.moment.tzinfo is not None
    except (ValueError, TypeError):
        is_aware = False
    if not is_aware:
        raise BadTombstone(f"Line {number} of {tombstones_path()} is no tombstone.")
    return stone


def _cut_unfinished_line(file: int) -> None:
    """Remove a last line that something interrupted: its deletion is due and writes it anew."""
    content = os.pread(file, os.fstat(file).st_size, 0)
    os.ftruncate(file, content.rfind(b"\n") + 1)


def _replace(content: bytes) -> None:
    path = tombstones_path()
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as new:
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
    draft.replace(path)


@contextmanager
def _locked() -> Iterator[int]:
    """Open the file for one writer at a time, on a lock that outlives its replacement."""
    path = tombstones_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            yield file
        finally:
            os.close(file)
    finally:
        os.close(lock)

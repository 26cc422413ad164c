"""Write signed checkpoints: the memory of a chain outside the database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from consent.chains.chain import START, BrokenChain, Chain, Link
from consent.chains.checkpoint_file import (
    FIRST_LINE,
    BadCheckpoint,
    Checkpoint,
    complete_lines,
    line_hash,
    parse,
    path_of,
    signed_line,
)
from consent.signing import public_keys


class CheckpointRefused(ValueError):  # noqa: N818
    """The chain or the file is not what the last checkpoint says: nothing is signed over it."""


def write_checkpoint(*, chain: Chain, site_id: int) -> Checkpoint | None:
    """Sign where a site's chain ends now, once the rows since the last checkpoint verify.

    Returns None when nothing was added since. Safe from several processes of one machine.
    Raises ``CheckpointRefused``, and ``OSError`` when the folder cannot be written.
    """
    with _locked(chain, site_id) as file:
        last, previous = _last(chain, site_id, file)
        end = chain.ends(site_id).last
        if end == last:
            return None
        if end.sequence <= last.sequence:
            raise CheckpointRefused(
                f"The {chain.name} of site {site_id} ends at row {end.sequence}; row "
                f"{last.sequence} was signed before."
            )
        _check_rows(chain, site_id, last, end)
        checkpoint = Checkpoint(
            at=timezone.now().isoformat(timespec="seconds"),
            head=end.hash,
            previous=previous,
            sequence=end.sequence,
            site=site_id,
            type=chain.signs,
        )
        os.write(file, signed_line(checkpoint))
        os.fsync(file)
        return checkpoint


def _check_rows(chain: Chain, site_id: int, last: Link, end: Link) -> None:
    """Check the rows behind ``last``; of those that retention deleted, what is left."""
    front = chain.ends(site_id).front
    reached = max(last, front, key=lambda link: link.sequence)
    fault = ""
    try:
        for link in chain.links(site_id=site_id, after=reached, until=end.sequence):
            reached = link
    except BrokenChain as error:
        fault = f"Row {error.sequence} of the {chain.name} of site {site_id}: {error.reason}."
    if not fault and reached != end:
        fault = (
            f"The {chain.name} of site {site_id} ends at row {reached.sequence}, its head says "
            f"row {end.sequence}."
        )
    if fault and chain.ends(site_id).front != front:  # rows were deleted while they were read
        _check_rows(chain, site_id, last, end)
    elif fault:
        raise CheckpointRefused(fault)


def _last(chain: Chain, site_id: int, file: int) -> tuple[Link, str]:
    """Return the link of the last checkpoint and the hash of its line.

    A line that was cut off while it was being written is removed: it was never a checkpoint.
    """
    lines = complete_lines(os.pread(file, os.fstat(file).st_size, 0))
    os.ftruncate(file, sum(len(line) + 1 for line in lines))
    if not lines:
        return START, FIRST_LINE
    try:
        last = parse(chain, lines[-1], len(lines), public_keys())
    except BadCheckpoint as error:
        raise CheckpointRefused(
            f"Site {site_id}, {path_of(chain, site_id).name}, {error}."
        ) from error
    return Link(last.sequence, last.head), line_hash(lines[-1])


@contextmanager
def _locked(chain: Chain, site_id: int) -> Iterator[int]:
    """Open a site's file for one writer at a time; nobody else on the machine may read it."""
    path = path_of(chain, site_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)

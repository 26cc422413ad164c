"""Sign where the chains end: of decisions and of accesses, site by site."""

from __future__ import annotations

from collections.abc import Iterator

from consent.chains.chain import Chain
from consent.chains.checkpoint_file import Checkpoint
from consent.chains.checkpoints import CheckpointRefused, write_checkpoint
from consent.ledger.chain import DECISIONS
from consent.staff.chain import ACCESSES

CHAINS = (DECISIONS, ACCESSES)


def write_checkpoints(
    *, site_id: int | None = None
) -> Iterator[tuple[Chain, int, Checkpoint | CheckpointRefused | None]]:
    """Sign each chain of one site, or of all; yield chain, site and what came of it.

    A refusal is yielded instead of raised, so that one bad chain keeps no other from being
    signed; None: nothing was added since. Raises ``OSError`` when the folder cannot be written.
    """
    for chain in CHAINS:
        for each in [site_id] if site_id is not None else sorted(chain.sites()):
            try:
                yield chain, each, write_checkpoint(chain=chain, site_id=each)
            except CheckpointRefused as error:
                yield chain, each, error

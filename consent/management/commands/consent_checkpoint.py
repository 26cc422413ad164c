"""Sign where the chains of decisions and of accesses end, outside the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.chains.checkpoint_file import path_of
from consent.chains.checkpoints import CheckpointRefused
from consent.checkpointing import write_checkpoints


class Command(BaseCommand):
    help = "Verify each chain since its last checkpoint and sign where it ends now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, help="one site only")

    def handle(self, *args: Any, **options: Any) -> None:
        refused = False
        for chain, site_id, outcome in write_checkpoints(site_id=options["site"]):
            if isinstance(outcome, CheckpointRefused):
                self.stderr.write(str(outcome))
                refused = True
            elif outcome is None:
                since = "since the last checkpoint"
                self.stdout.write(f"Site {site_id}: nothing new in the {chain.name} {since}.")
            else:
                row = f"row {outcome.sequence} is signed in {path_of(chain, site_id)}"
                self.stdout.write(f"Site {site_id}: {row}.")
        if refused:
            raise CommandError("Not everything was signed. Run 'manage.py consent_verify'.")

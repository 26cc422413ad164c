"""Sign where the ledger ends, outside the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.ledger.checkpoint_file import path_of
from consent.ledger.checkpoints import CheckpointRefused, write_checkpoint
from consent.ledger.models import LedgerHead


class Command(BaseCommand):
    help = "Verify each chain since its last checkpoint and sign where it ends now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, help="one site only")

    def handle(self, *args: Any, **options: Any) -> None:
        site_ids = LedgerHead.objects.order_by("site_id").values_list("site_id", flat=True)
        refused = False
        for site_id in [options["site"]] if options["site"] is not None else list(site_ids):
            try:
                checkpoint = write_checkpoint(site_id=site_id)
            except CheckpointRefused as error:
                self.stderr.write(str(error))
                refused = True
                continue
            if checkpoint is None:
                self.stdout.write(f"Site {site_id}: nothing was decided since the last checkpoint.")
            else:
                row = f"row {checkpoint.sequence} is signed in {path_of(site_id)}"
                self.stdout.write(f"Site {site_id}: {row}.")
        if refused:
            raise CommandError("Not everything was signed. Run 'manage.py consent_verify'.")

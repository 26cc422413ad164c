"""Verify the ledger of decisions."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.ledger.verify import verify


class Command(BaseCommand):
    help = "Recompute the chain of decisions and name the first bad row of each site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, help="verify one site only")

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify(site_id=options["site"])
        for fault in report.faults:
            self.stderr.write(f"Site {fault.site_id}, row {fault.sequence}: {fault.reason}.")
        if report.faults:
            raise CommandError("The ledger does not verify.")
        self.stdout.write(f"{report.rows} decisions verify.")

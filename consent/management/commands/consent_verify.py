"""Verify the ledger of decisions, its signed checkpoints, and the record of who looked."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.ledger.verify import Kind, Report, verify
from consent.staff.verify import AccessReport, verify_accesses

CHAIN, UNREADABLE, CHECKPOINT, UNPROTECTED = 1, 2, 3, 4


class Command(BaseCommand):
    help = (
        "Recompute the chain of decisions, compare it with its signed checkpoints, recompute the "
        "chain of staff accesses, and name the first bad row of each. Exit status: 0 all "
        "verifies, 1 a chain is broken, 2 it could not be verified, 3 the chain is whole but not "
        "the one that was signed, 4 (--strict) something is missing that would find a fault."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, help="verify one site only")
        parser.add_argument(
            "--checkpoints",
            type=Path,
            metavar="FOLDER",
            help="a copy of the checkpoints kept elsewhere; default: LEDGER_DIR",
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--strict", action="store_true", help="fail without checkpoints or triggers"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path | None = options["checkpoints"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"{folder} is no folder.", returncode=UNREADABLE)
        try:
            report = verify(site_id=options["site"], folder=folder)
            accesses = verify_accesses(site_id=options["site"])
        except OSError as error:
            raise CommandError(f"Not verified: {error}", returncode=UNREADABLE) from error
        status = _status(report, accesses, is_strict=options["strict"])
        if options["json"]:
            content = {"verifies": status == 0, "status": status, **asdict(report)}
            self.stdout.write(json.dumps({**content, "accesses": asdict(accesses)}, indent=1))
        else:
            self._say(report)
            self._say_accesses(accesses)
        if status:
            raise CommandError("The ledger does not verify.", returncode=status)

    def _say(self, report: Report) -> None:
        for fault in report.faults:
            self.stderr.write(f"Site {fault.site_id}, row {fault.sequence}: {fault.reason}.")
        for site_id in report.unprotected:
            self.stderr.write(
                f"Site {site_id} has no checkpoint: a chain cut off or rewritten as a whole would "
                "not be found. Run 'manage.py consent_checkpoint'."
            )
        for name in report.guards:
            self.stderr.write(f"The trigger {name} is missing from the database.")
        if report:
            signed = f" against {report.checkpoints} checkpoints" if report.checkpoints else ""
            self.stdout.write(f"{report.rows} decisions verify{signed}.")

    def _say_accesses(self, report: AccessReport) -> None:
        for fault in report.faults:
            self.stderr.write(f"Site {fault.site_id}, access {fault.sequence}: {fault.reason}.")
        for name in report.guards:
            self.stderr.write(f"The trigger {name} is missing from the database.")
        if report and report.rows:
            self.stdout.write(f"{report.rows} accesses of staff verify.")


def _status(report: Report, accesses: AccessReport, *, is_strict: bool) -> int:
    kinds = {fault.kind for fault in report.faults}
    if Kind.CHAIN in kinds or accesses.faults:
        return CHAIN
    if Kind.CHECKPOINT in kinds:
        return CHECKPOINT
    is_open = bool(report.unprotected or report.guards or accesses.guards)
    return UNPROTECTED if is_strict and is_open else 0

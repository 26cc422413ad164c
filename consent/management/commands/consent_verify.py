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
        "Recompute the chains of decisions and of staff accesses, compare them with their signed "
        "checkpoints, and name the first bad row of each. Exit status: 0 all verifies, 1 a chain "
        "is broken, 2 it could not be verified, 3 a chain is whole but not the one that was "
        "signed, 4 (--strict) something is missing that would find a fault."
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
        parser.add_argument("--strict", action="store_true", help="fail where a fault could hide")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path | None = options["checkpoints"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"{folder} is no folder.", returncode=UNREADABLE)
        try:
            report = verify(site_id=options["site"], folder=folder)
            accesses = verify_accesses(site_id=options["site"], folder=folder)
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
        self._say_faults(report, "row")
        if report:
            signed = f" against {report.checkpoints} checkpoints" if report.checkpoints else ""
            self.stdout.write(f"{report.rows} decisions verify{signed}.")

    def _say_accesses(self, report: AccessReport) -> None:
        self._say_faults(report, "access")
        for early in report.early:
            self.stderr.write(
                f"Site {early.site_id}: accesses up to {early.kept_after} are deleted, some of "
                f"them younger than {early.signed} and still to be kept. Unless RETENTION_DAYS was "
                "shorter, somebody hid them."
            )
        if report and report.rows:
            signed = f" against {report.checkpoints} checkpoints" if report.checkpoints else ""
            self.stdout.write(f"{report.rows} accesses of staff verify{signed}.")

    def _say_faults(self, report: Report | AccessReport, row: str) -> None:
        for fault in report.faults:
            self.stderr.write(f"Site {fault.site_id}, {row} {fault.sequence}: {fault.reason}.")
        for site_id in report.unprotected:
            self.stderr.write(
                f"Site {site_id} has no checkpoint of a {row}: a chain cut off or rewritten as a "
                "whole would not be found. Run 'manage.py consent_checkpoint'."
            )
        for name in report.guards:
            self.stderr.write(f"The trigger {name} is missing from the database.")


def _status(report: Report, accesses: AccessReport, *, is_strict: bool) -> int:
    kinds = {fault.kind for fault in (*report.faults, *accesses.faults)}
    if Kind.CHAIN in kinds:
        return CHAIN
    if Kind.CHECKPOINT in kinds:
        return CHECKPOINT
    guards = report.guards or accesses.guards
    is_open = bool(report.unprotected or accesses.unprotected or accesses.early or guards)
    return UNPROTECTED if is_strict and is_open else 0

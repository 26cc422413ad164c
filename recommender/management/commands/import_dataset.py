"""Import products and behavior from a file or folder of a known format."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.services import ImportRefused
from recommender.imports.formats import FORMATS, open_source
from recommender.imports.records import ImportProblem
from recommender.imports.services import Shift, run_import
from recommender.imports.terminal import Bar, chosen_site, pictures_url


class Command(BaseCommand):
    """Reads the source, writes it, and tells what was refused and why."""

    help = "Import products and events. Importing again changes nothing; a killed import goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("format", choices=tuple(FORMATS))
        parser.add_argument("path", type=Path, help="The file or folder.")
        parser.add_argument("--site", type=int, default=None, help="Site id; SITE_ID by default.")
        parser.add_argument(
            "--legal-basis",
            default="",
            help="Why these people's data may be used; required when DEBUG is off.",
        )
        parser.add_argument(
            "--shift-to-now",
            action="store_true",
            help="Move all times by whole days so that the newest event is yesterday's.",
        )
        parser.add_argument("--limit", type=int, default=None, help="Read only so many events.")
        parser.add_argument("--dry-run", action="store_true", help="Read and report only.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit must be at least 1.")
        site = chosen_site(options["site"])
        try:
            with Bar(self.stderr) as bar:
                report = run_import(
                    site=site,
                    source=open_source(
                        options["format"],
                        options["path"],
                        limit=options["limit"],
                        pictures=pictures_url(),
                    ),
                    importer="import_dataset",
                    legal_basis=options["legal_basis"],
                    shift=Shift.TO_NOW if options["shift_to_now"] else Shift.KEEP,
                    is_dry=options["dry_run"],
                    progress=bar,
                )
        except (ImportProblem, ImportRefused) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write("\n".join(report.lines()))

"""After a backup was restored: erase again who came back with it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.erasure.replay import replay
from consent.erasure.tombstones import BadTombstone, tombstones_path


class Command(BaseCommand):
    help = "Erase again the people whom a restored backup brought back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count them, change nothing")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = replay(is_dry=options["dry_run"])
        except (BadTombstone, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(done), "dry_run": options["dry_run"]}))
        else:
            will = "would be erased again" if options["dry_run"] else "came back"
            self.stdout.write(
                f"{tombstones_path()}: {done.tombstones} tombstones, {done.people} people {will}, "
                f"{done.erased} deletions carried out."
            )
        if done.unknown_keys:
            raise CommandError(
                "Tombstones name master keys that are gone, nobody under them can be found: "
                + ", ".join(done.unknown_keys)
            )

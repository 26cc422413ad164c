"""Create the master keys, add one that signs from now on, or destroy an old one."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent import keys
from consent.key_rotation import KeyNeeded, add_key, destroy_key, read_file


class Command(BaseCommand):
    help = "Show the names of the master keys; create, rotate or destroy them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--create", action="store_true", help="create the file if it is missing"
        )
        parser.add_argument(
            "--rotate", action="store_true", help="add a key that signs from now on"
        )
        parser.add_argument(
            "--destroy", metavar="KID", help="destroy an old key's secret, keep its public half"
        )
        parser.add_argument(
            "--force", action="store_true", help="destroy it although something needs it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["destroy"]:
            self._destroy(options["destroy"], force=options["force"])
            return
        if options["rotate"] or (options["create"] and not read_file()):
            add_key()
        rows = read_file()
        if not rows:
            raise CommandError(f"{keys.keys_path()} does not exist; use --create.")
        ring = keys.parse(rows, source="file")
        names = ", ".join(key.kid for key in ring.keys)
        self.stdout.write(f"{keys.keys_path()}: {names} (the first signs)")
        if ring.destroyed:
            self.stdout.write("destroyed: " + ", ".join(key.kid for key in ring.destroyed))

    def _destroy(self, kid: str, *, force: bool) -> None:
        try:
            left = destroy_key(kid, force=force)
        except LookupError as error:
            raise CommandError(str(error.args[0])) from None
        except KeyNeeded as error:
            raise CommandError(f"{kid} is still needed. {error}") from None
        if keys.keyring().source == "file":
            self.stdout.write(f"The secret of {kid} is destroyed; its public half is kept.")
        else:
            self.stdout.write(f"Where the keys are set, replace {kid} by: {json.dumps(left)}")

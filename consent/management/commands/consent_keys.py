"""Create the master keys, or add one that signs from now on."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from consent import keys


class Command(BaseCommand):
    help = "Show the names of the master keys; create the key file, or put a new key first."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--create", action="store_true", help="create the file if it is missing"
        )
        parser.add_argument(
            "--rotate", action="store_true", help="add a key that signs from now on"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = keys.keys_path()
        rows: list[dict[str, str]] = json.loads(path.read_text()) if path.is_file() else []
        keys.parse(rows) if rows else None
        if options["rotate"] or (options["create"] and not rows):
            rows.insert(0, keys.generate(_kid({row["kid"] for row in rows})))
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".new")
            with os.fdopen(
                os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as file:
                json.dump(rows, file, indent=1)
            temporary.replace(path)
            keys.keyring.cache_clear()
        if not rows:
            raise CommandError(f"{path} does not exist; use --create.")
        self.stdout.write(f"{path}: {', '.join(row['kid'] for row in rows)} (the first signs)")


def _kid(taken: set[str]) -> str:
    base = f"k{timezone.now():%Y%m}"
    names = [base, *(f"{base}-{number}" for number in range(2, 1000))]
    return next(name for name in names if name not in taken)

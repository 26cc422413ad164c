"""Recompute what a model version says it learned from."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.training.models import ModelVersion
from recommender.training.proving import Verdict, prove


class Command(BaseCommand):
    """Prints one line a check and fails where one differs."""

    help = "Recompute a version's digests and show that every row it learned from was permitted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="The first characters of a version, or its number.")
        parser.add_argument("--json", action="store_true", help="Print the findings as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        version = _version(options["version"])
        findings = prove(version=version)
        if options["json"]:
            content = {"version": version.version, "findings": [asdict(each) for each in findings]}
            self.stdout.write(json.dumps(content))
        else:
            self.stdout.write(f"Version {version.version}, {version.get_state_display()}")
            for each in findings:
                self.stdout.write(f"  {each.name}: {each.verdict}. {each.message}")
        differing = [each.name for each in findings if each.verdict is Verdict.DIFFERS]
        if differing:
            raise CommandError(f"Version {version} is not proved: {', '.join(differing)}.")


def _version(name: str) -> ModelVersion:
    """Raises ``CommandError`` unless exactly one version is meant."""
    versions = ModelVersion.objects.select_related("lesson")
    found = list(versions.filter(version__startswith=name)[:2])
    if not found and name.isdecimal():
        found = list(versions.filter(pk=int(name)))
    if len(found) != 1:
        raise CommandError(f"{'Several versions begin' if found else 'No version begins'} so.")
    return found[0]

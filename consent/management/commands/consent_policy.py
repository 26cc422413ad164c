"""List, compare and publish policy versions."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError

from consent.conf import consent_settings
from consent.people.models import ConsentState
from consent.policies.difference import Change, difference
from consent.policies.models import PolicyVersion
from consent.policies.selectors import version_before
from consent.policies.services import FIELDS, PolicyUnchanged, publish_policy

MARKS = {Change.SAME: "{}", Change.ADDED: "{{+{}+}}", Change.REMOVED: "[-{}-]"}


class Command(BaseCommand):
    help = (
        "List the policy versions of a site; show what one changed; publish the texts of the "
        "settings or of a file as the next."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, default=getattr(settings, "SITE_ID", 1))
        parser.add_argument("--diff", type=int, metavar="N", help="show what version N changed")
        parser.add_argument("--publish", action="store_true", help="publish the next version")
        parser.add_argument(
            "--material", action="store_true", help="people are asked again; until then all rests"
        )
        parser.add_argument(
            "--file",
            type=Path,
            help='JSON with the texts: {"en": {"title": ..., "notice": ..., "body": ...}}',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.get(pk=options["site"])
        if options["diff"]:
            self._compare(site, options["diff"])
            return
        if options["publish"]:
            self._publish(site, options["file"], options["material"])
        for version in PolicyVersion.objects.for_site(site)[:20]:
            material = " material" if version.is_material else ""
            line = f"{version.number} {version.language} {version.hash} {version.title}{material}"
            self.stdout.write(line)

    def _publish(self, site: Site, file: Path | None, is_material: bool) -> None:
        texts = consent_settings.POLICY if file is None else _read(file)
        try:
            number = publish_policy(site=site, texts=texts, is_material=is_material)[0].number
        except PolicyUnchanged as error:
            raise CommandError(f"{error} Nothing was published.") from error
        if is_material:
            resting = ConsentState.objects.for_site(site).filter(suspended__gt=0).count()
            self.stderr.write(f"Version {number}: the choices of {resting} people rest.")

    def _compare(self, site: Site, number: int) -> None:
        versions = list(PolicyVersion.objects.for_site(site).filter(number=number))
        if not versions:
            raise CommandError(f"Site {site.pk} has no version {number}.")
        for version in versions:
            before = version_before(version)
            self.stdout.write(f"{version.language}: {before or '-'} -> {version}")
            for field in FIELDS:
                old = getattr(before, field) if before else ""
                for paragraph in difference(old, getattr(version, field)):
                    pieces = [MARKS[piece.change].format(piece.text) for piece in paragraph]
                    self.stdout.write(f"  {field}: {''.join(pieces)}")


def _read(file: Path) -> dict[str, dict[str, str]]:
    """Return the texts of a file, each complete. Raises ``CommandError``."""
    try:
        texts: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error
    is_complete = isinstance(texts, dict) and all(
        isinstance(text, dict) and all(isinstance(text.get(f), str) and text[f] for f in FIELDS)
        for text in texts.values()
    )
    if not texts or not is_complete:
        raise CommandError(f"Each language of {file} needs {', '.join(FIELDS)}.")
    return texts

"""Publish the policy texts of the settings as a new version."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand

from consent.conf import consent_settings
from consent.policies.models import PolicyVersion
from consent.policies.services import publish_policy


class Command(BaseCommand):
    help = "Show the current policy version of a site; publish the settings' texts as the next."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, default=getattr(settings, "SITE_ID", 1))
        parser.add_argument("--publish", action="store_true", help="publish the next version")
        parser.add_argument("--material", action="store_true", help="say that more is asked for")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.get(pk=options["site"])
        if options["publish"]:
            publish_policy(
                site=site, texts=consent_settings.POLICY, is_material=options["material"]
            )
        for version in PolicyVersion.objects.for_site(site)[:20]:
            self.stdout.write(f"{version.number} {version.language} {version.hash} {version.title}")

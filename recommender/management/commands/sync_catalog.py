"""``manage.py sync_catalog``: bring the mirror in line with the host, now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError

from recommender.catalog.services import DriftReport, reconcile


class Command(BaseCommand):
    """Compare the mirror with the host and repair it."""

    help = "Mirror the host's catalog and report how far it had drifted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, help="One site by id; all of them by default.")
        parser.add_argument(
            "--force",
            action="store_true",
            help="Retire missing products even when they are more than half of the catalog.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sites = Site.objects.order_by("pk")
        if options["site"] is not None:
            sites = sites.filter(pk=options["site"])
            if not sites:
                raise CommandError(f"There is no site {options['site']}.")
        for site in sites:
            self._tell(site, reconcile(site=site, force=options["force"]))

    def _tell(self, site: Site, report: DriftReport) -> None:
        self.stdout.write(
            f"{site.domain}: {report.missing} created, {report.changed} updated, "
            f"{report.unchanged} unchanged, {report.retired} retired"
        )
        if report.withheld:
            self.stdout.write(
                self.style.WARNING(
                    f"  {report.withheld} products are gone from the host and were kept: they are "
                    "more than half of the catalog. Run again with --force if that is true."
                )
            )
        for cause, count in sorted(report.refused.items()):
            self.stdout.write(self.style.WARNING(f"  {count} refused: {cause}"))

"""Fill the shop with artificial products, people and behavior whose truth is known."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.services import ImportRefused
from recommender.imports.artificial import Artificial
from recommender.imports.records import ImportProblem
from recommender.imports.services import Shift, run_import
from recommender.imports.terminal import Bar, chosen_site, pictures_url
from recommender.simulation.plan import Plan

LEGAL_BASIS = "none needed: these people do not exist"


class Command(BaseCommand):
    """Draws the shop of a seed and writes it like any other source."""

    help = "Make an artificial shop. The same sizes and seed give the same rows, however often."

    def add_arguments(self, parser: ArgumentParser) -> None:
        plan = Plan()
        parser.add_argument("--products", type=int, default=plan.products)
        parser.add_argument("--shoppers", type=int, default=plan.shoppers)
        parser.add_argument("--days", type=int, default=plan.days)
        parser.add_argument("--seed", type=int, default=plan.seed)
        parser.add_argument("--site", type=int, default=None, help="Site id; SITE_ID by default.")
        parser.add_argument(
            "--keep-dates",
            action="store_true",
            help=f"End on {plan.end:%Y-%m-%d} instead of yesterday, when first made.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Draw and report only.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = Plan(
                **{name: options[name] for name in ("products", "shoppers", "days", "seed")}
            )
        except ValueError as error:
            raise CommandError(f"--{error}.") from error
        site = chosen_site(options["site"])
        try:
            with Bar(self.stderr) as bar:
                report = run_import(
                    site=site,
                    source=Artificial(plan, static_url=pictures_url()),
                    importer="simulator",
                    legal_basis=LEGAL_BASIS,
                    shift=Shift.KEEP if options["keep_dates"] else Shift.TO_NOW,
                    is_dry=options["dry_run"],
                    progress=bar,
                )
        except (ImportProblem, ImportRefused) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write("\n".join(report.lines()))

"""Train, judge and publish a model now, with a progress bar."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from recommender.training import services
from recommender.training.models import RunState, TrainingRun


class Command(BaseCommand):
    """Requests a run and takes its steps here until it is over."""

    help = "Train a model on the permitted events, judge it, and publish it if it passes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, default=None, help="Site id; the first by default.")
        parser.add_argument("--preset", choices=["small", "base", "large"], default=None)
        parser.add_argument("--cpu-seconds", type=int, default=None)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--no-wait", action="store_true", help="Only request the run; a worker does the rest."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        site = _site(options["site"])
        run = services.request_training(
            site=site,
            preset=options["preset"],
            cpu_seconds=options["cpu_seconds"],
            seed=options["seed"],
        )
        if options["no_wait"]:
            self.stdout.write(f"Requested: run {run.pk}.")
            return
        run = self._follow(run)
        if run.state != RunState.FINISHED:
            raise CommandError(f"Run {run.pk} {run.get_state_display()}: {run.message}")
        self.stdout.write(run.message)
        for version in run.versions.prefetch_related("gates"):
            for gate in version.gates.all():
                verdict = "passed" if gate.passed else "FAILED"
                self.stdout.write(f"  gate {gate.name}: {verdict}. {gate.message}")

    def _follow(self, run: TrainingRun) -> TrainingRun:
        with tqdm(total=None, unit="step", file=self.stderr) as bar:
            while run.is_active:
                run = services.advance(run_id=run.pk)
                run.refresh_from_db()
                bar.total = run.steps or None
                bar.n = run.step
                bar.set_description_str(run.message[:60])
                bar.refresh()
                if run.is_active:
                    time.sleep(0.5)
        return run


def _site(site_id: int | None) -> Site:
    chosen = {"pk": site_id} if site_id else {}
    site = Site.objects.filter(**chosen).order_by("pk").first()
    if site is None:
        raise CommandError(f"No site {site_id}." if site_id else "No site exists.")
    return site

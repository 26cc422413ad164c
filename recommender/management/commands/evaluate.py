"""What the model that answers is worth: as judged at promotion, and on what happened since."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from recommender.serving.folder import FolderError, load
from recommender.training.manifest import build_manifest
from recommender.training.models import ModelVersion
from recommender.training.selectors import folder_path, live_version
from recommender.training.served import evaluate_published


class Command(BaseCommand):
    """Prints measures, mix weights and gates, then replays newer events through the live folder."""

    help = "Evaluate the live model: measures and gates of its card, and a replay of newer events."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, default=None, help="Site id; the first by default.")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = {"pk": options["site"]} if options["site"] else {}
        site = Site.objects.filter(**chosen).order_by("pk").first()
        version = live_version(site=site) if site else None
        if site is None or version is None:
            raise CommandError("No model is live. Run `manage.py train` first.")
        self._card(version)
        self._replay(site, version)

    def _card(self, version: ModelVersion) -> None:
        self.stdout.write(f"Version {version}, live since {version.promoted_at:%Y-%m-%d %H:%M}")
        weights = version.card.get("weights", {})
        self.stdout.write("  mix: " + ", ".join(f"{k} {v:.2f}" for k, v in weights.items()))
        self.stdout.write(f"  {'test, whole catalog':24}{'NDCG@10':>9}{'HR@10':>9}")
        for name, row in version.card.get("metrics", {}).get("test", {}).items():
            self.stdout.write(f"  {name:24}{row['ndcg@10']:9.4f}{row['hr@10']:9.4f}")
        for gate in version.gates.order_by("pk"):
            verdict = "passed" if gate.passed else "FAILED"
            self.stdout.write(f"  gate {gate.name}: {verdict}. {gate.message}")

    def _replay(self, site: Site, version: ModelVersion) -> None:
        try:
            published = load(folder_path(version))
        except FolderError as error:
            raise CommandError(f"The live folder cannot be read: {error}") from error
        with tempfile.TemporaryDirectory() as folder:
            now = build_manifest(site=site, cut=timezone.now(), folder=Path(folder) / "manifest")
        score = evaluate_published(published, now, after=int(version.cut.timestamp()))
        if not score["cases"]:
            self.stdout.write("  Nobody who permits training has acted since it was trained.")
            return
        self.stdout.write(
            f"  since it was trained: NDCG@10 {score['ndcg@10']:.4f}, HR@10 {score['hr@10']:.4f} "
            f"on {score['cases']:.0f} shoppers"
        )

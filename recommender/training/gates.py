"""What a version must show before it may answer a shopper.

Each gate is a value, a limit and a verdict; all are kept, the failed ones too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.sites.models import Site

from consent.ledger.selectors import people_granting
from consent.purposes import Purpose
from recommender.serving.folder import FolderError, load
from recommender.training.arrays import Manifest, read_manifest
from recommender.training.manifest import read_people
from recommender.training.models import ModelVersion
from recommender.training.selectors import folder_path

SELF_TEST_TOLERANCE = 0.01
INCUMBENT_SHARE = 0.95
FEWEST_CASES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One gate's answer. ``value`` and ``limit`` are None where the gate had nothing to measure."""

    name: str
    value: float | None
    limit: float | None
    passed: bool
    message: str


def judge(
    *,
    site: Site,
    card: Mapping[str, Any],
    run_dir: Path,
    manifest_dir: Path,
    incumbent: ModelVersion | None,
) -> list[Verdict]:
    """Every gate's verdict on the model that ``card`` describes.

    Args:
        site: the shop.
        card: ``card.json`` as the job wrote it.
        run_dir: the job's folder with its ``evaluation`` folder.
        manifest_dir: what the model learned from.
        incumbent: the live version, if any.
    """
    manifest = read_manifest(manifest_dir)
    return [
        self_test_gate(card),
        best_part_gate(card),
        incumbent_gate(*_side_by_side(run_dir, manifest, incumbent)),
        permitted_gate(
            site=site,
            people=[person.subjects for person in read_people(manifest_dir)],
            cut=datetime.fromisoformat(manifest.meta.cut),
        ),
    ]


def self_test_gate(card: Mapping[str, Any]) -> Verdict:
    """The served scorer reproduces the offline mix within one percent of its NDCG@10."""
    test = card["metrics"]["test"]
    offline, served = float(test["mix"]["ndcg@10"]), float(test["served"]["ndcg@10"])
    gap = abs(served - offline) / offline if offline > 0 else abs(served)
    return Verdict(
        name="self_test",
        value=gap,
        limit=SELF_TEST_TOLERANCE,
        passed=gap <= SELF_TEST_TOLERANCE,
        message=f"Served NDCG@10 {served:.4f}, offline {offline:.4f}.",
    )


def best_part_gate(card: Mapping[str, Any]) -> Verdict:
    """On validation the mix is not below its best single component, popularity included."""
    validation = dict(card["metrics"]["validation"])
    mix = float(validation.pop("mix")["ndcg@10"])
    name, best = max(
        ((part, float(measures["ndcg@10"])) for part, measures in validation.items()),
        key=lambda pair: pair[1],
    )
    return Verdict(
        name="best_part",
        value=mix,
        limit=best,
        passed=mix >= best,
        message=f"Validation NDCG@10 of the mix {mix:.4f}, of its best part ({name}) {best:.4f}.",
    )


def incumbent_gate(ours: Mapping[str, float] | None, theirs: Mapping[str, float] | None) -> Verdict:
    """At least 0.95 of what the live model scores on the same cases, none of which it knew."""
    if ours is None or theirs is None or theirs["cases"] < FEWEST_CASES:
        return Verdict(
            name="incumbent",
            value=None,
            limit=INCUMBENT_SHARE,
            passed=True,
            message=f"No live model with {FEWEST_CASES} events after its cut to be compared on.",
        )
    share = ours["ndcg@10"] / theirs["ndcg@10"] if theirs["ndcg@10"] > 0 else 1.0
    return Verdict(
        name="incumbent",
        value=share,
        limit=INCUMBENT_SHARE,
        passed=share >= INCUMBENT_SHARE,
        message=(
            f"NDCG@10 {ours['ndcg@10']:.4f} against {theirs['ndcg@10']:.4f} of the live model "
            f"on {theirs['cases']:.0f} cases."
        ),
    )


def permitted_gate(*, site: Site, people: Sequence[Sequence[str]], cut: datetime) -> Verdict:
    """The ledger shows that every person learned from permitted it at the cut.

    The ledger is asked, not the state rows the manifest was built from: the two are independent.
    """
    granting = people_granting(site_id=site.pk, people=people, purpose=Purpose.MODEL_TRAIN, at=cut)
    missing = granting.count(False)
    return Verdict(
        name="permitted",
        value=float(missing),
        limit=0.0,
        passed=missing == 0,
        message=f"{len(people)} people learned from, {missing} without permission at the cut.",
    )


def _side_by_side(
    run_dir: Path, manifest: Manifest, incumbent: ModelVersion | None
) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    """The candidate's and the live model's measures on the last events after the latter's cut.

    The candidate is judged by its ``evaluation`` folder, which has not counted those events.
    """
    if incumbent is None:
        return None, None
    # Needs the `train` extra, which a web process that lists versions does not have.
    from recommender.training.served import evaluate_published

    try:
        live = load(folder_path(incumbent))
    except FolderError:
        return None, None
    after = int(incumbent.cut.timestamp())
    ours = evaluate_published(load(run_dir / "evaluation"), manifest, after=after)
    return ours, evaluate_published(live, manifest, after=after)

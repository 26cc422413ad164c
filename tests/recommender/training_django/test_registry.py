"""Versions: only one answers, only after its gates, never past the hard stop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sites.models import Site
from django.utils import timezone

from recommender.training.models import ModelVersion, VersionState
from recommender.training.registry import NotPromotable, clear_old, promote, roll_back
from recommender.training.selectors import live_model
from recommender.training.tasks import request_due_runs
from tests.recommender.training_django.conftest import new_version


def test_a_version_that_failed_a_gate_never_answers(site: Site) -> None:
    live = new_version(site, "a", live=True)
    worse = new_version(site, "b", passed=False)

    with pytest.raises(NotPromotable, match="best_part"):
        promote(version=worse)

    assert ModelVersion.objects.get(state=VersionState.LIVE) == live


def test_rolling_back_brings_the_version_before(site: Site) -> None:
    first = new_version(site, "a", live=True)
    second = new_version(site, "b", live=True)

    roll_back(site=site)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (VersionState.LIVE, VersionState.RETIRED)


def test_rolling_back_without_an_earlier_version_says_so(site: Site) -> None:
    only = new_version(site, "a", live=True)

    with pytest.raises(NotPromotable, match="No earlier version"):
        roll_back(site=site)

    only.refresh_from_db()
    assert only.state == VersionState.LIVE


def test_rolling_back_twice_goes_further_back_not_forth(site: Site) -> None:
    for name in "abc":
        new_version(site, name, live=True)

    roll_back(site=site)
    roll_back(site=site)

    assert ModelVersion.objects.get(state=VersionState.LIVE).version == "a" * 64


def test_refused_versions_never_push_out_what_roll_back_needs(site: Site) -> None:
    new_version(site, "a", live=True)
    new_version(site, "b", live=True)
    for name in "cdefg":
        new_version(site, name, passed=False)

    clear_old(site=site)

    assert set(ModelVersion.objects.values_list("version", flat=True)) >= {"a" * 64, "b" * 64}
    assert ModelVersion.objects.count() == 5
    roll_back(site=site)


def test_a_model_past_the_hard_stop_is_taken_down_and_never_promoted(site: Site) -> None:
    old = new_version(site, "a", live=True)
    ModelVersion.objects.filter(pk=old.pk).update(cut=timezone.now() - timedelta(days=31))

    request_due_runs()

    assert live_model(site=site) is None
    old.refresh_from_db()
    with pytest.raises(NotPromotable, match="taken down"):
        promote(version=old)
    with pytest.raises(NotPromotable, match="older than 30 days"):
        promote(version=new_version(site, "b", days_old=31))

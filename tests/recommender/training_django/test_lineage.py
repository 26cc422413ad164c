"""A model is served no longer than 30 days after somebody it learned from withdrew."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent import services
from consent.erasure.proofs import read_proof
from consent.models import Decision, Erasure
from consent.purposes import Purpose
from recommender.serving.live import ModelUnavailable, current, forget
from recommender.training import lesson_files, lineage, registry
from recommender.training.folders import manifest_dir
from recommender.training.manifest import MARKS, PEOPLE, build_manifest
from recommender.training.models import Lesson, ModelVersion, RunState, TrainingRun, VersionState
from recommender.training.selectors import live_model, model_storage
from recommender.training.tasks import request_due_runs
from tests.recommender.training_django.conftest import Remember

DAY = timedelta(days=1)


def trained(site: Site, name: str, *, parent: Lesson | None = None) -> ModelVersion:
    """A finished run over what is permitted now, and its version, live."""
    run = TrainingRun.objects.create(site=site, state=RunState.FINISHED, started_at=timezone.now())
    manifest = build_manifest(site=site, cut=timezone.now(), folder=manifest_dir(run.pk))
    lesson = lineage.record_lesson(
        run=run, manifest=manifest, folder=manifest_dir(run.pk), parent=parent
    )
    card = {
        "manifest": {
            "consent_digest": manifest.meta.consent_digest,
            "events_digest": manifest.meta.events_digest,
        },
        "cpu_seconds": 60,
    }
    version = ModelVersion.objects.create(
        site=site, run=run, version=name * 64, cut=lesson.cut, card=card, lesson=lesson
    )
    version.gates.create(name="best_part", value=0.1, limit=0.1, passed=True, message="")
    registry.promote(version=version)
    return version


def erase(shopper_id: UUID) -> Erasure:
    services.erase(shopper_id=shopper_id, actor="shopper")
    return Erasure.objects.latest("pk")


def fresh(version: ModelVersion) -> ModelVersion:
    return ModelVersion.objects.select_related("lesson").get(pk=version.pk)


def age(moment: datetime) -> None:
    """Let the withdrawals have been at ``moment``."""
    Lesson.objects.filter(withdrawn_at__isnull=False).update(withdrawn_at=moment)


def test_the_first_withdrawal_of_a_person_in_it_starts_the_deadline(
    site: Site, remember: Remember
) -> None:
    first, second, _ = remember(3)
    version = trained(site, "a")
    assert lineage.deadline_of(version) is None

    asked = erase(first).requested_at
    erase(second)

    assert lineage.deadline_of(fresh(version)) == asked + 30 * DAY


def test_somebody_it_never_learned_from_starts_none(site: Site, remember: Remember) -> None:
    remember(3)
    version = trained(site, "a")
    later = remember(1)[0]
    closed = remember(1, purposes=frozenset({Purpose.ANALYTICS}))[0]

    erase(later)
    erase(closed)

    assert lineage.deadline_of(fresh(version)) is None
    assert lineage.follow_ledger(site=site) == 0


@pytest.mark.parametrize("purpose", [Purpose.MODEL_TRAIN, Purpose.ANALYTICS])
def test_withdrawing_one_of_the_needed_purposes_starts_it(
    site: Site, remember: Remember, purpose: Purpose
) -> None:
    person = remember(2)[0]
    version = trained(site, "a")

    services.withdraw(shopper_id=person, purposes={purpose}, actor="shopper")

    assert lineage.deadline_of(fresh(version)) == Erasure.objects.get().requested_at + 30 * DAY


def test_withdrawing_another_purpose_starts_none(site: Site, remember: Remember) -> None:
    person = remember(2)[0]
    version = trained(site, "a")

    services.withdraw(shopper_id=person, purposes={Purpose.RECS_PERSONAL}, actor="shopper")

    assert lineage.deadline_of(fresh(version)) is None


def test_a_warm_start_does_not_clear_the_deadline_a_full_training_does(
    site: Site, remember: Remember
) -> None:
    gone = remember(3)[0]
    version = trained(site, "a")
    asked = erase(gone).requested_at

    warm = trained(site, "b", parent=version.lesson)
    again = trained(site, "c", parent=warm.lesson)
    full = trained(site, "d")

    assert lineage.deadline_of(fresh(warm)) == asked + 30 * DAY
    assert lineage.deadline_of(fresh(again)) == asked + 30 * DAY
    assert lineage.deadline_of(fresh(full)) is None
    age(timezone.now() - 31 * DAY)
    registry.take_down_expired(site=site, learnable=True)
    states = dict(ModelVersion.objects.values_list("version", "state"))
    assert {name[0]: state for name, state in states.items()} == {
        "a": VersionState.WITHDRAWN,
        "b": VersionState.WITHDRAWN,
        "c": VersionState.WITHDRAWN,
        "d": VersionState.LIVE,
    }


def test_past_its_deadline_the_model_is_gone_and_the_next_rung_answers(
    site: Site, remember: Remember
) -> None:
    gone = remember(3)[0]
    version = trained(site, "a")
    erase(gone)
    age(timezone.now() - 30 * DAY + timedelta(minutes=1))
    request_due_runs()
    assert live_model(site=site) is not None

    age(timezone.now() - 30 * DAY)
    request_due_runs()

    assert live_model(site=site) is None
    forget()
    with pytest.raises(ModelUnavailable, match="no_model"):
        current(site=site)
    with pytest.raises(registry.NotPromotable, match="taken down"):
        registry.promote(version=version)


def test_an_expired_version_cannot_be_rolled_back_to(site: Site, remember: Remember) -> None:
    gone = remember(3)[0]
    trained(site, "a")
    erase(gone)
    full = trained(site, "b")
    age(timezone.now() - 31 * DAY)

    with pytest.raises(registry.NotPromotable, match="withdrew long ago"):
        registry.roll_back(site=site)

    assert ModelVersion.objects.get(state=VersionState.LIVE) == full


def test_the_ledger_alone_starts_a_deadline_nobody_noted(site: Site, remember: Remember) -> None:
    gone = remember(3)[0]
    version = trained(site, "a")
    erase(gone)
    Lesson.objects.update(withdrawn_at=None)

    request_due_runs()

    row = Decision.objects.latest("sequence")
    assert lineage.deadline_of(fresh(version)) == row.recorded_at + 30 * DAY


@pytest.mark.parametrize("left", [None, b"", b"\x93NUMPY", b"no array"])
def test_a_lost_or_broken_index_counts_as_holding_everybody(
    site: Site, remember: Remember, left: bytes | None
) -> None:
    remember(2)
    version = trained(site, "a")
    assert version.lesson is not None
    name = f"{version.lesson.folder}/{lesson_files.SUBJECTS}"
    model_storage().delete(name)
    if left is not None:
        model_storage().save(name, ContentFile(left))

    erase(remember(1)[0])

    assert lineage.deadline_of(fresh(version)) is not None


def test_everybody_in_an_index_is_found_and_nobody_else(site: Site, remember: Remember) -> None:
    people = remember(5)
    lesson = trained(site, "a").lesson
    strangers = remember(5)

    for person in people:
        assert lineage.lessons_of(shopper_id=person) == [lesson]
    for person in strangers:
        assert lineage.lessons_of(shopper_id=person) == []


def test_a_person_is_found_in_an_index_that_an_older_key_made(
    site: Site, remember: Remember, settings: Settings, tmp_path: Path
) -> None:
    settings.ATTENTION_CONSENT = {
        **settings.ATTENTION_CONSENT,
        "KEYS_FILE": str(tmp_path / "keys.json"),
    }
    call_command("consent_keys", "--create", verbosity=0)
    person = remember(2)[0]
    version = trained(site, "a")

    call_command("consent_keys", "--rotate", verbosity=0)

    assert lineage.versions_of(shopper_id=person) == [version]


def test_looking_up_long_lineages_takes_two_queries(
    site: Site, remember: Remember, django_assert_num_queries: Any
) -> None:
    person, *_ = remember(3)
    parent, made = None, []
    for name in "abcdef":
        version = trained(site, name, parent=parent)
        made.append(version)
        parent = version.lesson
    services.withdraw(shopper_id=person, purposes={Purpose.MODEL_TRAIN}, actor="shopper")

    with django_assert_num_queries(2):
        versions = lineage.versions_of(shopper_id=person)
        deadlines = {lineage.deadline_of(version) for version in versions}

    assert versions == made
    assert deadlines == {Erasure.objects.get().requested_at + 30 * DAY}


@pytest.mark.parametrize(
    ("cpu_seconds", "hours", "is_requested"),
    [(60, 19, False), (60, 21, True), (3600, 21, False), (3600, 7 * 24 - 3, True)],
)
def test_a_retrain_is_requested_in_time_whatever_the_setting_says(
    site: Site,
    remember: Remember,
    settings: object,
    cpu_seconds: int,
    hours: int,
    is_requested: bool,
) -> None:
    settings.ATTENTION_RECOMMENDER = {  # type: ignore[attr-defined]
        **settings.ATTENTION_RECOMMENDER,  # type: ignore[attr-defined]
        "TRAIN_EVERY_HOURS": 24 * 365,
    }
    gone = remember(3)[0]
    version = trained(site, "a")
    version.card["cpu_seconds"] = cpu_seconds
    version.save(update_fields=["card"])
    erase(gone)
    past = timezone.now() - timedelta(hours=hours)
    age(past)
    TrainingRun.objects.update(started_at=past - DAY)

    request_due_runs()
    request_due_runs()

    assert TrainingRun.objects.filter(state=RunState.REQUESTED).exists() is is_requested


def test_the_proof_of_a_deletion_names_the_models_and_their_deadlines(
    site: Site, remember: Remember
) -> None:
    gone = remember(3)[0]
    version = trained(site, "a")

    erasure = erase(gone)

    assert erasure.proof is not None
    found = read_proof(erasure.proof)
    assert found is not None
    deadline = (erasure.requested_at + 30 * DAY).isoformat(timespec="seconds")
    assert found.document["models"] == [
        {
            "label": "attention_recommender.ModelVersion",
            "id": str(version.pk),
            "hash": "a" * 64,
            "deadline": deadline,
        }
    ]


def test_lessons_go_with_the_last_version_that_needs_them(site: Site, remember: Remember) -> None:
    remember(3)
    first = trained(site, "a")
    warm = trained(site, "b", parent=first.lesson)
    assert warm.lesson is not None
    assert first.lesson is not None
    folder = first.lesson.folder

    ModelVersion.objects.filter(pk=first.pk).delete()
    assert lineage.clear_lessons(site=site) == 0
    ModelVersion.objects.all().delete()
    assert lineage.clear_lessons(site=site) == 2

    assert not Lesson.objects.exists()
    assert not model_storage().exists(folder)


def test_no_kept_file_holds_a_shoppers_key(site: Site, remember: Remember) -> None:
    people = remember(3)
    lesson = trained(site, "a").lesson
    assert lesson is not None

    content = b""
    for name in (PEOPLE, MARKS, lesson_files.SUBJECTS):
        with model_storage().open(f"{lesson.folder}/{name}") as file:
            content += file.read()

    for key in people:
        assert not any(each in content for each in (key.bytes, key.hex.encode(), str(key).encode()))


def test_the_admin_shows_the_deadline(site: Site, remember: Remember, admin_client: Client) -> None:
    gone = remember(3)[0]
    version = trained(site, "a")
    erase(gone)
    Lesson.objects.update(withdrawn_at=datetime.fromisoformat("2031-01-01T12:00:00+00:00"))

    page = admin_client.get("/admin/attention_recommender/modelversion/")
    detail = admin_client.get(f"/admin/attention_recommender/modelversion/{version.pk}/change/")

    assert "Jan. 31, 2031" in page.content.decode()
    assert "Jan. 31, 2031" in detail.content.decode()

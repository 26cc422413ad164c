"""A training run is moved by anybody, finished once, and never harms the live model."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from consent.purposes import Purpose
from consent.services import withdraw
from recommender.serving.folder import load
from recommender.training import services
from recommender.training.engine.job_order import JobOrder
from recommender.training.engine.local import LocalEngine
from recommender.training.folders import manifest_dir, run_dir
from recommender.training.models import ModelVersion, RunState, TrainingRun, VersionState
from recommender.training.selectors import folder_path, live_model, model_storage
from recommender.training.services import advance, cancel, request_training
from recommender.training.tasks import advance_runs, request_due_runs
from tests.recommender.training_django.conftest import PRODUCTS, Remember, new_version


class IdleEngine:
    """Notes what it is asked and runs nothing."""

    def __init__(self) -> None:
        self.orders: list[JobOrder] = []
        self.running = False
        self.stopped: list[Path] = []

    def start(self, order: JobOrder) -> bool:
        self.orders.append(order)
        self.running = True
        return True

    def is_running(self, run_dir: Path) -> bool:
        return self.running

    def stop(self, run_dir: Path) -> None:
        self.stopped.append(run_dir)
        self.running = False


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> IdleEngine:
    engine = IdleEngine()
    monkeypatch.setattr(services, "get_engine", lambda: engine)
    return engine


def _until_over(run_id: UUID, seconds: float = 120) -> TrainingRun:
    deadline = time.monotonic() + seconds
    run = advance(run_id=run_id)
    while run.is_active and time.monotonic() < deadline:
        time.sleep(0.1)
        run = advance(run_id=run_id)
    return TrainingRun.objects.get(pk=run_id)


def _progress(run: TrainingRun, **content: object) -> None:
    (run_dir(run.pk) / "progress.json").write_text(json.dumps(content))


def test_permitted_events_become_a_live_model_that_passed_its_gates(
    site: Site, remember: Remember
) -> None:
    remember(40)

    run = _until_over(request_training(site=site, cpu_seconds=8).pk)

    assert run.state == RunState.FINISHED, run.message
    version = ModelVersion.objects.get()
    gates = {gate.name: gate.passed for gate in version.gates.all()}
    assert gates == {"self_test": True, "best_part": True, "incumbent": True, "permitted": True}
    assert version.state == VersionState.LIVE
    live = live_model(site=site)
    assert live is not None
    assert live.version == version.version
    assert len(load(live.folder).products) == PRODUCTS
    assert run.manifest["events"] == 320
    assert not run_dir(run.pk).exists()


def test_a_second_request_meets_the_run_under_way(site: Site, engine: IdleEngine) -> None:
    first = request_training(site=site)
    second = request_training(site=site, preset="large")

    assert second.pk == first.pk
    assert TrainingRun.objects.count() == 1


def test_steps_taken_twice_start_one_job(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    remember(3)
    run = request_training(site=site)

    advance_runs()
    advance_runs()

    assert len(engine.orders) == 1
    run.refresh_from_db()
    assert (run.state, run.attempts) == (RunState.TRAINING, 1)


def test_the_job_is_told_where_the_sentence_encoder_is(
    site: Site, remember: Remember, engine: IdleEngine, settings: Settings, tmp_path: Path
) -> None:
    remember(3)
    changed = {**settings.ATTENTION_RECOMMENDER, "SENTENCE_ENCODER": str(tmp_path)}
    settings.ATTENTION_RECOMMENDER = changed

    advance(run_id=request_training(site=site).pk)

    assert [order.sentence_encoder for order in engine.orders] == [tmp_path]


def test_a_run_leased_elsewhere_is_left_alone(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    remember(3)
    run = request_training(site=site)
    with services._lease(run.pk) as leased:
        assert leased is not None

        advance(run_id=run.pk)

        assert engine.orders == []
    advance(run_id=run.pk)
    assert len(engine.orders) == 1


def test_progress_is_copied_to_the_row(site: Site, remember: Remember, engine: IdleEngine) -> None:
    remember(3)
    run = advance(run_id=request_training(site=site).pk)
    run_dir(run.pk).mkdir(parents=True, exist_ok=True)
    _progress(run, state="running", step=7, steps=20, message="training")

    advance(run_id=run.pk)

    run.refresh_from_db()
    assert (run.step, run.steps, run.message) == (7, 20, "training")


def test_a_job_that_dies_is_started_again_and_given_up_after_three(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    remember(3)
    run = request_training(site=site)
    for _ in range(4):
        advance(run_id=run.pk)
        engine.running = False
    run.refresh_from_db()

    assert len(engine.orders) == 3
    assert (run.state, run.message) == (RunState.FAILED, "The job died 3 times.")


def test_a_job_that_gives_a_reason_fails_with_it_and_leaves_nothing(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    remember(3)
    run = advance(run_id=request_training(site=site).pk)
    run_dir(run.pk).mkdir(parents=True, exist_ok=True)
    _progress(run, state="failed", message="The manifest holds no events.")

    advance(run_id=run.pk)

    run.refresh_from_db()
    assert (run.state, run.message) == (RunState.FAILED, "The manifest holds no events.")
    assert not run_dir(run.pk).exists()
    assert ModelVersion.objects.count() == 0


def test_an_empty_shop_fails_with_a_reason_a_person_understands(site: Site) -> None:
    run = _until_over(request_training(site=site, cpu_seconds=2).pk)

    assert run.state == RunState.FAILED
    assert "nothing to learn from" in run.message


def test_a_cancelled_run_stays_cancelled(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    remember(3)
    run = advance(run_id=request_training(site=site).pk)

    cancel(run_id=run.pk)
    advance(run_id=run.pk)

    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert engine.stopped == [run_dir(run.pk)]
    assert len(engine.orders) == 1


def test_a_job_killed_in_the_middle_is_finished_once(site: Site, remember: Remember) -> None:
    remember(40)
    run = advance(run_id=request_training(site=site, cpu_seconds=8).pk)
    pid = int((run_dir(run.pk) / "job.pid").read_text())

    os.killpg(pid, signal.SIGKILL)
    over = _until_over(run.pk)

    assert over.state == RunState.FINISHED, over.message
    assert over.attempts == 2
    assert ModelVersion.objects.count() == 1
    assert not LocalEngine().is_running(run_dir(run.pk))


def test_a_model_whose_people_all_withdrew_is_taken_down(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    people = remember(2)
    new_version(site, "a", live=True)
    assert request_due_runs() == 1
    assert live_model(site=site) is not None

    for person in people:
        withdraw(shopper_id=person, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    request_due_runs()

    assert live_model(site=site) is None


def test_a_failed_run_is_tried_again_after_an_hour_not_after_a_day(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    remember(2)
    request_due_runs()
    failed = TrainingRun.objects.all()
    failed.update(state=RunState.FAILED, finished_at=timezone.now())
    assert request_due_runs() == 0

    failed.update(finished_at=timezone.now() - timedelta(minutes=61))

    assert request_due_runs() == 1


def test_a_job_that_gets_further_each_time_is_not_given_up(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    remember(3)
    run = request_training(site=site)
    for step in range(1, 6):
        advance(run_id=run.pk)
        run_dir(run.pk).mkdir(parents=True, exist_ok=True)
        _progress(run, state="running", step=step, steps=9)
        advance(run_id=run.pk)
        engine.running = False

    advance(run_id=run.pk)

    run.refresh_from_db()
    assert (run.state, run.attempts) == (RunState.TRAINING, 2)


def test_folders_of_runs_that_are_over_are_swept(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    remember(3)
    run = advance(run_id=request_training(site=site).pk)
    (run_dir(run.pk).parent / str(uuid4())).mkdir()
    assert manifest_dir(run.pk).is_dir()
    advance_runs()
    assert [folder.name for folder in run_dir(run.pk).parent.iterdir()] == [str(run.pk)]

    TrainingRun.objects.filter(pk=run.pk).update(state=RunState.FINISHED)
    advance_runs()

    assert list(run_dir(run.pk).parent.iterdir()) == []


def test_a_run_cancelled_while_its_manifest_is_written_starts_no_job(
    site: Site, remember: Remember, engine: IdleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(3)
    run = request_training(site=site)
    build = services.build_manifest

    def cancelled_meanwhile(**given: Any) -> Any:
        manifest = build(**given)
        cancel(run_id=run.pk)
        return manifest

    monkeypatch.setattr(services, "build_manifest", cancelled_meanwhile)

    advance(run_id=run.pk)

    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert engine.orders == []
    assert not run_dir(run.pk).exists()


def test_a_database_that_stumbles_does_not_end_the_run(
    site: Site, remember: Remember, engine: IdleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(3)
    run = request_training(site=site)

    def locked(**given: Any) -> Any:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(services, "build_manifest", locked)
        advance(run_id=run.pk)
    assert TrainingRun.objects.get().state == RunState.REQUESTED

    advance(run_id=run.pk)

    assert TrainingRun.objects.get().state == RunState.TRAINING


def test_due_runs_are_requested_once_a_day_where_there_is_something_to_learn(
    site: Site, remember: Remember, engine: IdleEngine
) -> None:
    assert request_due_runs() == 0
    remember(2)

    assert request_due_runs() == 1
    assert request_due_runs() == 0


def test_evaluate_without_a_model_says_what_to_do(site: Site) -> None:
    with pytest.raises(CommandError, match=r"manage\.py train"):
        call_command("evaluate")


def test_train_and_evaluate_by_hand(
    site: Site, remember: Remember, capsys: pytest.CaptureFixture[str]
) -> None:
    remember(40)

    call_command("train", "--cpu-seconds", "8")
    call_command("evaluate")

    printed = capsys.readouterr().out
    assert "is live" in printed
    assert "gate permitted: passed. 40 people learned from" in printed
    assert "Nobody who permits training has acted since it was trained." in printed
    version = ModelVersion.objects.get()
    assert model_storage().exists(f"{version.folder}/meta.json")
    assert folder_path(version).is_dir()

"""A deletion whose process is killed for real, again and again, ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.db import connections
from pytest_django import Settings

from consent import services
from consent.erasure import run as runner
from consent.erasure.proofs import read_proof
from consent.erasure.tombstones import read_tombstones
from consent.ledger.verify import verify
from consent.models import Erasure, Shopper
from recommender.events.models import Event
from tests.recommender.training_django.conftest import Remember

EVENTS, NEIGHBORS, BATCH = 600, 3, 20


def _rows(shopper_ids: list[UUID]) -> list[tuple[object, ...]]:
    return list(Event.rows.filter(shopper_id__in=shopper_ids).order_by("pk").values_list())


def _in_a_process_killed_after(seconds: float, work: Callable[[], object]) -> bool:
    """Fork, let the child work, kill it with SIGKILL in time; return whether it finished before."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_by_the_system_at_any_moment_it_resumes_and_ends_the_same(
    transactional_db: None,
    site: Site,
    remember: Remember,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "LEDGER_DIR": tmp_path / "ledger"}
    monkeypatch.setattr(runner, "BATCH", BATCH)
    monkeypatch.setattr("consent.erasure.begin.run_quietly", lambda **kwargs: False)
    monkeypatch.setattr("consent.erasure.begin.enqueue", lambda *args: None)
    chance, kills, rounds = random.Random(0), 0, 6
    neighbors = remember(NEIGHBORS, length=30)
    next_door = _rows(neighbors)
    for _ in range(rounds):
        person = remember(1, length=EVENTS)[0]
        services.erase(shopper_id=person, actor="shopper")
        erasure = Erasure.objects.latest("pk")
        longest = 0.1
        while not _in_a_process_killed_after(
            chance.uniform(0.0, longest), lambda pk=erasure.pk: runner.run(erasure_id=pk)
        ):
            kills += 1
            longest *= 1.1  # a busy machine gets on, too
            assert longest < 60
        erasure.refresh_from_db()

        assert (erasure.rows, erasure.finished_at is not None) == (EVENTS, True)
        counts = {each["label"]: (each["before"], each["after"]) for each in erasure.counts}
        assert counts["attention_recommender.events"] == (EVENTS, 0)
        assert erasure.proof is not None
        found = read_proof(erasure.proof)
        assert found is not None
        assert found.is_genuine
        assert not Event.rows.filter(shopper_id=person).exists()
        assert not Shopper.objects.filter(pk=person).exists()
    assert _rows(neighbors) == next_door
    assert len({stone.subject for stone in read_tombstones()}) == rounds
    assert verify()
    assert kills > rounds
    record_property("size", f"{rounds} people of {EVENTS} events, batches of {BATCH}")
    record_property("result", f"{kills} times SIGKILL, every deletion exact, neighbors untouched")

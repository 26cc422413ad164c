"""Erasure to the end: counted, resumed after a kill, proved, repeated after a restored backup."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.test import Client

from consent import services, signing
from consent.erasure import run as runner
from consent.erasure.proofs import proof_of, read_proof
from consent.erasure.run import run
from consent.erasure.tombstones import read_tombstones, tombstones_path
from consent.holdings import Derived, Holding, register
from consent.ledger.verify import verify
from consent.models import ConsentState, Decision, Erasure, Proof, Shopper
from consent.purposes import Purpose
from tests.consent.support import History, new_shopper

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_dir")]


class Killed(BaseException):
    """The process dies here: nothing catches it."""


def _decided(shopper: Shopper, purposes: set[Purpose] | None = None) -> Erasure:
    """Close without deleting anything yet, as after a kill right behind the commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("consent.erasure.begin.run_quietly", lambda **kwargs: False)
        patch.setattr("consent.erasure.begin.enqueue", lambda *args: None)
        if purposes is None:
            services.erase(shopper_id=shopper.pk, actor="shopper")
        else:
            services.withdraw(shopper_id=shopper.pk, purposes=purposes, actor="shopper")
    return Erasure.objects.latest("pk")


def _outcome(erasure: Erasure) -> dict[str, Any]:
    """What a deletion ends with, without its times and ids."""
    erasure.refresh_from_db()
    found = read_proof(erasure.proof) if erasure.proof else None
    document = found.document if found else {}
    ignored = {"id", "requested_at", "finished_at", "backups_until", "ledger"}
    return {
        "finished": erasure.finished_at is not None,
        "rows": erasure.rows,
        "counts": erasure.counts,
        "genuine": found is not None and found.is_genuine,
        "proof": {key: value for key, value in document.items() if key not in ignored},
    }


def test_a_deletion_counts_before_and_after(site: Site, history: History) -> None:
    shopper, neighbor = new_shopper(site), new_shopper(site)
    history.rows = {shopper.pk: 5, neighbor.pk: 3}

    services.erase(shopper_id=shopper.pk, actor="shopper")

    erasure = Erasure.objects.get()
    counts = {each["label"]: (each["before"], each["after"]) for each in erasure.counts}
    assert counts["test.history"] == (5, 0)
    assert counts["shopper"] == (1, 0)
    assert counts["decisions"] == (2, 2)
    assert (erasure.rows, history.rows[neighbor.pk]) == (5, 3)
    assert Shopper.objects.get() == neighbor


def test_the_proof_is_signed_and_names_nobody(site: Site, history: History) -> None:
    shopper = new_shopper(site)
    history.rows[shopper.pk] = 5
    erasure = _decided(shopper)
    assert proof_of(erasure_id=erasure.pk) == erasure.proof

    run(erasure_id=erasure.pk)

    found = read_proof(Proof.objects.get().pk)
    assert found is not None
    assert found.is_genuine
    row = Decision.objects.latest("sequence")
    assert found.document["ledger"] == {"sequence": row.sequence, "hash": row.hash}
    kept = {each["label"]: each for each in found.document["holdings"]}
    assert (kept["test.history"]["before"], kept["test.history"]["after"]) == (5, 0)
    assert kept["decisions"]["kept_by_law"]
    text = found.payload.decode()
    assert str(shopper.pk) not in text
    assert shopper.pk.hex not in text
    assert row.subject not in text


def test_a_changed_proof_does_not_verify(site: Site, history: History) -> None:
    services.erase(shopper_id=new_shopper(site).pk, actor="shopper")
    proof = Proof.objects.get()
    Proof.objects.update(document=proof.document.replace('"rows_deleted":0', '"rows_deleted":9'))

    found = read_proof(proof.pk)

    assert found is not None
    assert not found.is_genuine


def test_the_proof_lists_the_models_with_their_deadlines(site: Site, history: History) -> None:
    shopper = new_shopper(site)
    erasure = _decided(shopper)
    asked: list[bool] = []

    def derived(shopper_id: Any) -> list[Derived]:
        asked.append(Shopper.objects.filter(pk=shopper_id).exists())
        return [Derived("test.model", "7", "ab" * 32, erasure.requested_at)]

    register(_empty("test.models", derived=derived))
    run(erasure_id=erasure.pk)

    found = read_proof(Proof.objects.get().pk)
    assert found is not None
    assert asked == [True]
    assert [(each["id"], each["hash"]) for each in found.document["models"]] == [("7", "ab" * 32)]
    assert found.document["models"][0]["deadline"] == erasure.requested_at.isoformat(
        timespec="seconds"
    )


def _empty(label: str, **more: Any) -> Holding:
    return Holding(
        label=label,
        title=label,
        models=(),
        purpose=Purpose.ANALYTICS,
        retention="",
        count=lambda shopper_id: 0,
        export=lambda shopper_id: (),
        erase=lambda shopper_id, limit: 0,
        **more,
    )


STEPS = ("count_before", "_move", "_erase", "_bury", "_finish", "derived_of", "make_proof")


@pytest.mark.parametrize("whole", [True, False], ids=["erased", "withdrawn"])
def test_killed_at_any_step_it_ends_the_same(
    site: Site, history: History, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """Killed before and after every call of every step, each time by a process of its own."""
    monkeypatch.setattr(runner, "BATCH", 2)
    purposes = None if whole else {Purpose.ANALYTICS}
    expected = _undisturbed(site, history, purposes)
    for place in range(200):
        shopper = new_shopper(site)
        history.rows[shopper.pk] = 5
        erasure = _decided(shopper, purposes)
        with monkeypatch.context() as patch:
            is_over = _kill_at(patch, place, erasure)
        run(erasure_id=erasure.pk)

        assert _outcome(erasure) == expected, f"killed at {place}"
        assert history.rows[shopper.pk] == 0
        assert Shopper.objects.filter(pk=shopper.pk).exists() is not whole
        if is_over:
            break
    assert place > 20
    assert Proof.objects.count() == place + 2
    assert verify()


def _undisturbed(site: Site, history: History, purposes: set[Purpose] | None) -> dict[str, Any]:
    shopper = new_shopper(site)
    history.rows[shopper.pk] = 5
    erasure = _decided(shopper, purposes)
    run(erasure_id=erasure.pk)
    return _outcome(erasure)


def _kill_at(patch: pytest.MonkeyPatch, place: int, erasure: Erasure) -> bool:
    """Run until the ``place``-th boundary and die there; return whether it came through alive."""
    passed = -1

    def boundary() -> None:
        nonlocal passed
        passed += 1
        if passed == place:
            raise Killed

    def dying(step: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            boundary()
            result = step(*args, **kwargs)
            boundary()
            return result

        return call

    for name in STEPS:
        patch.setattr(runner, name, dying(getattr(runner, name)))
    try:
        run(erasure_id=erasure.pk)
    except Killed:
        return False
    return True


def test_run_again_it_changes_nothing(site: Site, history: History) -> None:
    shopper = new_shopper(site)
    history.rows[shopper.pk] = 5
    erasure = _decided(shopper)
    run(erasure_id=erasure.pk)
    first, stones = _outcome(erasure), read_tombstones()

    assert run(erasure_id=erasure.pk) is True

    assert _outcome(erasure) == first
    assert read_tombstones() == stones
    assert Proof.objects.count() == 1


def test_a_folder_that_cannot_be_written_deletes_the_rows_and_stays_due(
    site: Site, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = new_shopper(site)
    history.rows[shopper.pk] = 5
    erasure = _decided(shopper)

    def fail(**kwargs: Any) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(runner, "bury", fail)
        assert runner.run_quietly(erasure_id=erasure.pk) is False

    assert history.rows[shopper.pk] == 0
    assert Erasure.objects.due().get() == erasure
    assert Shopper.objects.filter(pk=shopper.pk).exists()
    assert not Proof.objects.exists()
    run(erasure_id=erasure.pk)
    assert not Shopper.objects.exists()


def test_the_page_of_a_proof(site: Site, history: History, client: Client) -> None:
    shopper = new_shopper(site)
    history.rows[shopper.pk] = 5
    erasure = _decided(shopper)
    address = f"/attention/proofs/{erasure.proof}/"

    waiting = client.get(address)
    run(erasure_id=erasure.pk)
    page = client.get(address)

    assert waiting.status_code == 202
    assert page.status_code == 200
    assert "What you looked at" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    payload = client.get(f"{address}proof.json").content
    value = client.get(f"{address}proof.sig").content
    kid = Proof.objects.get().kid
    assert signing.public_keys()[kid].verifies(payload, value)
    assert json.loads(payload)["purposes"] == sorted(Purpose)
    assert client.get("/attention/proofs/00000000-0000-4000-8000-000000000000/").status_code == 404
    assert not page.cookies


# A restored backup.


def _backup() -> list[Any]:
    return [*Shopper.objects.all(), *ConsentState.objects.all()]


def _restore(rows: list[Any]) -> None:
    for row in rows:
        type(row).objects.filter(pk=row.pk).delete()
    for row in rows:
        row.save(force_insert=True)


def test_after_a_restored_backup_who_was_erased_is_erased_again(
    site: Site, history: History, capsys: Any
) -> None:
    gone, stays = new_shopper(site), new_shopper(site)
    history.rows = {gone.pk: 4, stays.pk: 2}
    rows = _backup()
    services.erase(shopper_id=gone.pk, actor="shopper")
    _restore(rows)
    history.rows[gone.pk] = 4

    call_command("consent_replay", "--dry-run", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "tombstones": 1,
        "people": 1,
        "erased": 0,
        "unknown_keys": [],
        "dry_run": True,
    }
    assert (history.rows[gone.pk], Shopper.objects.count()) == (4, 2)

    call_command("consent_replay", "--json")
    done = json.loads(capsys.readouterr().out)
    assert (done["people"], done["erased"]) == (1, 1)
    assert history.rows == {gone.pk: 0, stays.pk: 2}
    assert Shopper.objects.get() == stays
    assert Decision.objects.latest("sequence").source == "replay"

    call_command("consent_replay", "--json")
    done = json.loads(capsys.readouterr().out)
    assert (done["people"], done["erased"]) == (0, 0)
    assert verify()


def test_a_withdrawal_of_one_purpose_is_repeated_too(site: Site, history: History) -> None:
    shopper = new_shopper(site)
    rows = _backup()
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    _restore(rows)
    assert Purpose.MODEL_TRAIN in ConsentState.objects.get().granted

    call_command("consent_replay")

    granted = ConsentState.objects.get().granted
    assert granted == {Purpose.ANALYTICS, Purpose.RECS_PERSONAL}


def test_without_a_restored_backup_a_replay_touches_nobody(site: Site, history: History) -> None:
    shopper, gone = new_shopper(site), new_shopper(site)
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    services.erase(shopper_id=gone.pk, actor="shopper")
    before = (Decision.objects.count(), list(ConsentState.objects.values()))

    call_command("consent_replay")

    assert (Decision.objects.count(), list(ConsentState.objects.values())) == before


def test_a_tombstone_names_nobody_and_a_cut_line_is_written_anew(
    site: Site, history: History
) -> None:
    first, second = new_shopper(site), new_shopper(site)
    services.erase(shopper_id=first.pk, actor="shopper")
    with tombstones_path().open("ab") as file:
        file.write(b'{"at":"2026')

    services.erase(shopper_id=second.pk, actor="shopper")

    text = tombstones_path().read_text()
    subjects = set(Decision.objects.values_list("subject", flat=True))
    assert len(read_tombstones()) == 2
    assert all(str(key) not in text and key.hex not in text for key in (first.pk, second.pk))
    assert not any(subject in text for subject in subjects)
    assert tombstones_path().stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_said_and_nobody_is_touched(site: Site, history: History) -> None:
    new_shopper(site)
    tombstones_path().parent.mkdir(parents=True, exist_ok=True)
    tombstones_path().write_text("{}\n")

    with pytest.raises(CommandError, match="Line 1"):
        call_command("consent_replay")

    assert Shopper.objects.count() == 1

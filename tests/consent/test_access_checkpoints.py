"""Checkpoints outside the database find a look of staff that somebody cut off or hid."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from consent.chains.chain import FIRST_HASH
from consent.chains.checkpoint_file import path_of, read
from consent.chains.checkpoints import CheckpointRefused, write_checkpoint
from consent.chains.verify import Fault, Kind
from consent.ledger.chain import DECISIONS
from consent.models import Access, AccessHead, Shopper
from consent.staff import guards
from consent.staff.chain import ACCESSES
from consent.staff.retention import delete_accesses
from consent.staff.services import open_record
from consent.staff.verify import EarlyDeletion, verify_accesses
from consent.tasks import write_checkpoints

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_dir")]

DAY = timedelta(days=1)


class Clock:
    """The time, for looks and for checkpoints."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(timezone.now())
    for module in ("consent.staff.services", "consent.chains.checkpoints", "consent.staff.verify"):
        monkeypatch.setattr(f"{module}.timezone", clock)
    return clock


@pytest.fixture
def boss(site: Site) -> User:
    return User.objects.create_superuser("boss")


def look(staff: User, shopper: Shopper, times: int) -> None:
    for _ in range(times):
        open_record(staff=staff, shopper_id=shopper.pk, fields=["shopper"], reason="Asked by mail.")


def sign() -> Any:
    return write_checkpoint(chain=ACCESSES, site_id=1)


@pytest.fixture
def signed(boss: User, shopper: Shopper, ledger_dir: Path) -> Path:
    """A chain of six looks, signed after three and six."""
    for _ in range(2):
        look(boss, shopper, 3)
        sign()
    return path_of(ACCESSES, 1)


@pytest.fixture
def unguarded(signed: Path) -> None:
    """Let a test tamper as somebody with the database in hand could."""
    guards.drop(connection)


def cut(last: int) -> None:
    """Leave the looks up to ``last`` and set the head back."""
    Access.objects.filter(sequence__gt=last).delete()
    row = Access.objects.filter(sequence=last).first()
    AccessHead.objects.update(sequence=last, hash=row.hash if row else FIRST_HASH)


def test_a_checkpoint_says_where_the_looks_end(signed: Path) -> None:
    first, second = read(ACCESSES, 1)
    assert signed.name == "access-1.jsonl"
    assert (first.sequence, second.sequence) == (3, 6)
    assert second.type == "attention.consent.access-checkpoint/1"
    assert second.head == Access.objects.get(sequence=6).hash
    assert sign() is None
    report = verify_accesses()
    assert report
    assert (report.rows, report.checkpoints, report.unprotected, report.early) == (6, 2, (), ())


def test_looks_without_a_checkpoint_are_told(boss: User, shopper: Shopper) -> None:
    look(boss, shopper, 1)
    assert verify_accesses().unprotected == (1,)


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(("last", "marked"), [(5, 6), (3, 6), (2, 3), (0, 3)])
def test_looks_cut_off_with_their_head_are_found(signed: Path, last: int, marked: int) -> None:
    at = next(each.at for each in read(ACCESSES, 1) if each.sequence == marked)
    before = signed.read_bytes()

    cut(last)

    reason = f"the chain ends here, row {marked} was signed {at}"
    assert verify_accesses().faults == (Fault(1, last, reason, Kind.CHECKPOINT),)
    with pytest.raises(CheckpointRefused, match=f"ends at row {last}; row 6 was signed before"):
        sign()
    assert signed.read_bytes() == before


@pytest.mark.usefixtures("unguarded")
def test_a_look_put_in_the_place_of_one_cut_off_is_found(
    signed: Path, boss: User, shopper: Shopper
) -> None:
    at = list(read(ACCESSES, 1))[1].at
    cut(5)
    look(boss, shopper, 2)

    reason = f"it is not the row that was signed {at}: the chain was rewritten after row 3"
    assert verify_accesses().faults == (Fault(1, 6, reason, Kind.CHECKPOINT),)
    with pytest.raises(CheckpointRefused, match="Row 7 of the chain of accesses of site 1"):
        sign()


@pytest.mark.usefixtures("signed")
def test_a_checkpoint_of_decisions_is_none_of_accesses(shopper: Shopper) -> None:
    assert write_checkpoint(chain=DECISIONS, site_id=1)
    path_of(ACCESSES, 1).write_bytes(path_of(DECISIONS, 1).read_bytes())
    (fault,) = verify_accesses().faults
    assert fault.reason == "checkpoint 1: it is a 'attention.consent.checkpoint/1'"


def test_what_retention_deleted_in_its_time_is_no_fault(
    clock: Clock, boss: User, shopper: Shopper, settings: Settings
) -> None:
    own = settings.ATTENTION_CONSENT
    settings.ATTENTION_CONSENT = {**own, "RETENTION_DAYS": {"accesses": 30}}
    look(boss, shopper, 2)
    sign()
    look(boss, shopper, 2)
    clock.moment += 40 * DAY
    look(boss, shopper, 1)
    # Given rows that were never signed and are deleted: what is left is signed all the same.
    assert delete_accesses(before=clock.moment - 30 * DAY, limit=9) == 4
    assert sign().sequence == 5

    report = verify_accesses()

    assert report
    assert (report.rows, report.checkpoints, report.early) == (1, 2, ())


@pytest.mark.usefixtures("signed")
def test_looks_hidden_as_if_their_time_were_over_are_told(boss: User, shopper: Shopper) -> None:
    """No trigger stops who moves the old end on and deletes; the time of the checkpoint tells."""
    signed_at = next(iter(read(ACCESSES, 1))).at
    assert delete_accesses(before=timezone.now() + DAY, limit=5) == 5

    report = verify_accesses()

    assert report.faults == ()
    assert report.early == (EarlyDeletion(1, 5, signed_at),)
    errors = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("consent_verify", "--strict", stdout=StringIO(), stderr=errors)
    assert failed.value.returncode == 4
    assert "accesses up to 5 are deleted" in errors.getvalue()


def test_the_task_and_the_command_sign_both_chains(
    boss: User, shopper: Shopper, unguarded_ledger: None
) -> None:
    look(boss, shopper, 2)
    write_checkpoints()
    assert [each.sequence for each in read(DECISIONS, 1)] == [1]
    assert [each.sequence for each in read(ACCESSES, 1)] == [2]
    look(boss, shopper, 1)
    out = StringIO()
    call_command("consent_checkpoint", stdout=out)
    assert out.getvalue() == (
        "Site 1: nothing new in the chain since the last checkpoint.\n"
        f"Site 1: row 3 is signed in {path_of(ACCESSES, 1)}.\n"
    )


@pytest.mark.usefixtures("unguarded")
def test_the_command_names_looks_that_were_cut_off(tmp_path: Path, signed: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / signed.name).write_bytes(signed.read_bytes())
    cut(4)
    signed.unlink()  # who holds both is found by the copy alone

    out, errors = StringIO(), StringIO()
    call_command("consent_verify", stdout=out, stderr=errors)
    assert "4 accesses of staff verify.\n" in out.getvalue()
    with pytest.raises(CommandError) as failed:
        call_command("consent_verify", "--checkpoints", str(copy), stdout=out, stderr=errors)
    assert failed.value.returncode == 3
    assert "Site 1, access 4: the chain ends here, row 6 was signed" in errors.getvalue()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("consent_verify", "--checkpoints", str(copy), "--json", stdout=out)
    (fault,) = json.loads(out.getvalue())["accesses"]["faults"]
    assert (fault["sequence"], fault["kind"]) == (4, "checkpoint")

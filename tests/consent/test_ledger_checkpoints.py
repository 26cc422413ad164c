"""Checkpoints outside the database find what a chain by itself cannot."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from pytest_django import Settings

from consent import keys, signing
from consent.chains.chain import FIRST_HASH
from consent.chains.checkpoint_file import path_of, read
from consent.chains.checkpoints import CheckpointRefused, write_checkpoint
from consent.ledger.append import append
from consent.ledger.chain import DECISIONS
from consent.ledger.entry import row_hash
from consent.ledger.models import Decision, LedgerHead
from consent.ledger.verify import Fault, Kind, verify
from consent.tasks import write_checkpoints
from tests.consent.ledger_support import chain, drafted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_dir")]


@pytest.fixture
def signed(site: Site, ledger_dir: Path) -> Path:
    """A chain of nine rows, signed after three, six and nine."""
    for _ in range(3):
        chain(site.pk, 3)
        write_checkpoint(chain=DECISIONS, site_id=site.pk)
    return path_of(DECISIONS, site.pk)


def cut(count: int) -> None:
    """Remove the last rows and set the head back, as somebody with the database could."""
    last = Decision.objects.order_by("-sequence")[count - 1 : count].get().sequence - 1
    Decision.objects.filter(sequence__gt=last).delete()
    row = Decision.objects.filter(sequence=last).first()
    LedgerHead.objects.update(sequence=last, hash=row.hash if row else FIRST_HASH)


def rewrite(first: int) -> None:
    """Change row ``first`` and give every later row the hash that follows from it."""
    previous = None
    for row in Decision.objects.filter(sequence__gte=first):
        row.purposes = "ads.personal" if row.sequence == first else row.purposes
        row.previous_hash = previous or row.previous_hash
        row.hash = previous = row_hash(row)
        row.save()
    LedgerHead.objects.update(hash=previous)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def store(path: Path, rows: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(r, sort_keys=True, separators=(",", ":")) + "\n" for r in rows)
    path.write_text(text)


def checkpoint_faults() -> list[tuple[int, str]]:
    faults = [fault for fault in verify().faults if fault.kind == Kind.CHECKPOINT]
    return [(fault.sequence, fault.reason) for fault in faults]


def test_a_checkpoint_says_where_the_chain_ends(site: Site, signed: Path) -> None:
    first, second, third = read(DECISIONS, site.pk)
    last = Decision.objects.get(sequence=9)
    assert [each.sequence for each in (first, second, third)] == [3, 6, 9]
    assert third.head == last.hash
    assert first.previous == "0" * 64
    assert signed.stat().st_mode & 0o777 == 0o600
    assert signed.parent.stat().st_mode & 0o777 == 0o700
    report = verify()
    assert report
    assert (report.rows, report.checkpoints, report.unprotected) == (9, 3, ())


def test_nothing_new_is_not_signed_again(site: Site, signed: Path) -> None:
    before = signed.read_bytes()
    assert write_checkpoint(chain=DECISIONS, site_id=site.pk) is None
    assert signed.read_bytes() == before


def test_rows_after_the_last_checkpoint_are_no_fault(site: Site, signed: Path) -> None:
    chain(site.pk, 2)
    assert verify().rows == 11


@pytest.mark.parametrize("count", [1, 4, 9])
def test_a_tail_cut_off_with_its_head_is_found(
    site: Site, unguarded_ledger: None, signed: Path, count: int
) -> None:
    cut(count)
    last = next(each for each in read(DECISIONS, site.pk) if each.sequence > 9 - count)
    assert verify().faults == (
        Fault(
            site.pk,
            9 - count,
            f"the chain ends here, row {last.sequence} was signed {last.at}",
            Kind.CHECKPOINT,
        ),
    )
    with pytest.raises(CheckpointRefused, match=f"ends at row {9 - count}; row 9 was signed"):
        write_checkpoint(chain=DECISIONS, site_id=site.pk)
    assert len(lines(signed)) == 3


@pytest.mark.parametrize("first", [1, 3, 5, 9])
def test_a_chain_rewritten_to_its_end_is_found(
    site: Site, unguarded_ledger: None, signed: Path, first: int
) -> None:
    rewrite(first)
    marked = (first + 2) // 3 * 3
    at = next(each.at for each in read(DECISIONS, site.pk) if each.sequence == marked)
    assert verify().faults == (
        Fault(
            site.pk,
            marked,
            f"it is not the row that was signed {at}: the chain was rewritten after row "
            f"{marked - 3}",
            Kind.CHECKPOINT,
        ),
    )
    chain(site.pk, 1)
    with pytest.raises(CheckpointRefused, match="Row 10"):
        write_checkpoint(chain=DECISIONS, site_id=site.pk)
    assert len(lines(signed)) == 3


def test_a_table_emptied_altogether_is_found(
    site: Site, unguarded_ledger: None, signed: Path
) -> None:
    Decision.objects.all().delete()
    LedgerHead.objects.all().delete()
    assert [sequence for sequence, _ in checkpoint_faults()] == [0]


def test_a_broken_row_is_named_and_signed_rows_behind_it_are_not_blamed(
    site: Site, unguarded_ledger: None, signed: Path
) -> None:
    Decision.objects.filter(sequence=4).update(actor="else")
    assert verify().faults == (Fault(site.pk, 4, "its content does not match its hash"),)


def _without(index: int) -> Callable[[list[dict[str, Any]]], None]:
    return lambda rows: rows.pop(index) and None


def _with(index: int, **changes: Any) -> Callable[[list[dict[str, Any]]], None]:
    return lambda rows: rows[index]["checkpoint"].update(changes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_without(0), (0, "checkpoint 1: the checkpoint before it was changed or removed")),
        (_without(1), (3, "checkpoint 2: the checkpoint before it was changed or removed")),
        (_with(1, head="f" * 64), (3, "checkpoint 2: its signature is wrong")),
        (_with(2, sequence=8), (6, "checkpoint 3: its signature is wrong")),
        (_with(2, at="2020-01-01T00:00:00+00:00"), (6, "checkpoint 3: its signature is wrong")),
        (
            lambda rows: rows[1].update(kid="other"),
            (3, "checkpoint 2: it names an unknown key 'other'"),
        ),
        (
            lambda rows: rows[1].update(signature=rows[0]["signature"]),
            (3, "checkpoint 2: its signature is wrong"),
        ),
        (lambda rows: rows[1].pop("signature"), (3, "checkpoint 2: it cannot be read")),
        (
            lambda rows: rows.reverse(),
            (0, "checkpoint 1: the checkpoint before it was changed or removed"),
        ),
    ],
)
def test_a_checkpoint_forged_or_removed_is_found(
    site: Site, signed: Path, change: Callable[[list[dict[str, Any]]], None], fault: Any
) -> None:
    rows = lines(signed)
    change(rows)
    store(signed, rows)
    assert checkpoint_faults() == [fault]


def test_a_checkpoint_of_another_site_is_found(site: Site, signed: Path) -> None:
    other = Site.objects.create(domain="other.test", name="other")
    signed.rename(path_of(DECISIONS, other.pk))
    report = verify()
    assert [(fault.site_id, fault.kind) for fault in report.faults] == [(other.pk, Kind.CHECKPOINT)]
    assert report.unprotected == (site.pk,)


def test_a_checkpoint_signed_by_a_stranger_is_found(
    site: Site, signed: Path, settings: Settings
) -> None:
    own = settings.ATTENTION_CONSENT
    settings.ATTENTION_CONSENT = {**own, "KEYS": [keys.generate("debug")]}
    assert checkpoint_faults() == [(0, "checkpoint 1: its signature is wrong")]


def test_a_line_cut_off_while_it_was_written_is_no_checkpoint(site: Site, signed: Path) -> None:
    whole = signed.read_bytes()
    signed.write_bytes(whole + whole[:100])
    assert verify().checkpoints == 3
    chain(site.pk, 1)
    written = write_checkpoint(chain=DECISIONS, site_id=site.pk)
    assert written is not None
    assert signed.read_bytes().startswith(whole)
    assert [each.sequence for each in read(DECISIONS, site.pk)] == [3, 6, 9, 10]


def test_a_damaged_last_line_is_not_built_upon(site: Site, signed: Path) -> None:
    rows = lines(signed)
    rows[2]["checkpoint"]["head"] = "f" * 64
    store(signed, rows)
    chain(site.pk, 1)
    with pytest.raises(CheckpointRefused, match="checkpoint 3: its signature is wrong"):
        write_checkpoint(chain=DECISIONS, site_id=site.pk)
    assert len(lines(signed)) == 3


def test_a_chain_that_does_not_verify_is_not_signed(
    site: Site, unguarded_ledger: None, signed: Path
) -> None:
    chain(site.pk, 3)
    Decision.objects.filter(sequence=11).update(actor="else")
    with pytest.raises(
        CheckpointRefused, match="Row 11 of the chain of site 1: its content does not match"
    ):
        write_checkpoint(chain=DECISIONS, site_id=site.pk)
    assert len(lines(signed)) == 3


def test_after_a_rotation_old_checkpoints_verify(
    site: Site, ledger_dir: Path, settings: Settings
) -> None:
    own = settings.ATTENTION_CONSENT
    old, new = keys.generate("old"), keys.generate("new")
    settings.ATTENTION_CONSENT = {**own, "KEYS": [old]}
    chain(site.pk)
    write_checkpoint(chain=DECISIONS, site_id=site.pk)
    settings.ATTENTION_CONSENT = {**own, "KEYS": [new, old]}
    chain(site.pk)
    write_checkpoint(chain=DECISIONS, site_id=site.pk)
    assert verify().checkpoints == 2
    assert [row["kid"] for row in lines(path_of(DECISIONS, site.pk))] == ["old", "new"]
    left = {"kid": "old", "public": signing.encode(signing.public_keys()["old"].raw)}
    settings.ATTENTION_CONSENT = {**own, "KEYS": [new, left]}
    assert verify().checkpoints == 2


def test_the_task_signs_every_site_and_goes_on_past_a_bad_one(
    site: Site, unguarded_ledger: None, caplog: pytest.LogCaptureFixture
) -> None:
    other = Site.objects.create(domain="other.test", name="other")
    chain(site.pk)
    chain(other.pk)
    Decision.objects.filter(site_id=site.pk, sequence=2).update(actor="else")
    write_checkpoints()
    assert not list(read(DECISIONS, site.pk))
    assert [each.sequence for each in read(DECISIONS, other.pk)] == [6]
    assert "Row 2 of the chain of site 1: its content does not match its hash." in caplog.text


def test_the_commands_sign_verify_and_tell_by_their_status(
    site: Site, unguarded_ledger: None, ledger_dir: Path, tmp_path: Path
) -> None:
    chain(site.pk)
    with pytest.raises(CommandError) as failed:
        call_command("consent_verify", "--strict", stdout=StringIO(), stderr=StringIO())
    assert failed.value.returncode == 4
    out = StringIO()
    call_command("consent_checkpoint", stdout=out)
    assert out.getvalue() == f"Site 1: row 6 is signed in {path_of(DECISIONS, 1)}.\n"
    out = StringIO()
    call_command("consent_verify", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert (report["verifies"], report["rows"], report["checkpoints"]) == (True, 6, 1)
    assert report["faults"] == []
    cut(2)
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("consent_verify", "--json", stdout=out)
    assert failed.value.returncode == 3
    fault = json.loads(out.getvalue())["faults"][0]
    assert (fault["site_id"], fault["sequence"], fault["kind"]) == (1, 4, "checkpoint")
    with pytest.raises(CommandError, match="Not everything was signed"):
        call_command("consent_checkpoint", stderr=StringIO())
    with pytest.raises(CommandError) as failed:
        call_command("consent_verify", "--checkpoints", str(tmp_path / "nowhere"))
    assert failed.value.returncode == 2


def test_a_copy_kept_elsewhere_outlives_the_files_here(
    site: Site, unguarded_ledger: None, signed: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / signed.name).write_bytes(signed.read_bytes())
    cut(4)
    kept = signed.read_bytes().splitlines(keepends=True)
    signed.write_bytes(kept[0])
    assert verify()
    assert [fault.sequence for fault in verify(folder=copy).faults] == [5]


def test_anybody_verifies_a_checkpoint_with_openssl(
    site: Site, signed: Path, client: Client, tmp_path: Path
) -> None:
    """As docs/how-to/verify-the-ledger.md says, with the published key alone."""
    row = lines(signed)[-1]
    response = client.get("/attention/keys/")
    assert response["Cache-Control"] == "public, max-age=300"
    assert not response.cookies
    published = {key["kid"]: key for key in response.json()["keys"]}
    assert published[row["kid"]]["algorithm"] == "Ed25519"
    assert published[row["kid"]]["signs"] is True
    payload = json.dumps(row["checkpoint"], sort_keys=True, separators=(",", ":"))
    (tmp_path / "key.pem").write_text(published[row["kid"]]["public_key"])
    (tmp_path / "signature").write_bytes(signing.decode(row["signature"]))
    for text, is_right in ((payload, True), (payload.replace("9", "8", 1), False)):
        (tmp_path / "payload").write_text(text)
        command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in payload"
        done = subprocess.run(
            [*command.split(), "-sigfile", "signature"], cwd=tmp_path, capture_output=True
        )
        assert (done.returncode == 0) is is_right


@pytest.mark.django_db(transaction=True)
def test_people_may_decide_while_it_is_verified_and_signed() -> None:
    stop = threading.Event()
    problems: list[DatabaseError] = []

    def decide() -> None:
        try:
            while not stop.is_set():
                with transaction.atomic():
                    append(site_id=1, drafts=[drafted(n) for n in range(20)])
        except DatabaseError as error:
            problems.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=decide)
    thread.start()
    try:
        for _ in range(15):
            write_checkpoint(chain=DECISIONS, site_id=1)
            assert verify().faults == ()
    finally:
        stop.set()
        thread.join()
    assert problems == []
    assert Decision.objects.exists()

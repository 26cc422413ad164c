"""The database itself keeps the ledger append-only; a host's flush still works."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import TransactionTestCase

from consent.chains.chain import FIRST_HASH
from consent.ledger import guards
from consent.ledger.models import Decision, LedgerHead
from consent.ledger.verify import verify
from consent.models import PolicyVersion
from tests.consent.ledger_support import chain

DECISION, HEAD = guards.DECISION, guards.HEAD


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
def test_the_migrations_leave_every_guard_in_place() -> None:
    assert guards.missing() == []
    assert len(guards.GUARDS.definitions(connection)) == (
        5 if connection.vendor == "postgresql" else 6
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda: Decision.objects.filter(sequence=2).update(actor="else"),
        lambda: Decision.objects.filter(sequence=2).delete(),
        lambda: Decision.objects.all().delete(),
        lambda: Decision.objects.get(sequence=2).save(),
        lambda: LedgerHead.objects.update(sequence=2),
        lambda: LedgerHead.objects.update(hash="f" * 64),
        lambda: LedgerHead.objects.update(sequence=0, hash=FIRST_HASH),
        lambda: LedgerHead.objects.all().delete(),
        lambda: run(f"UPDATE {DECISION} SET sequence = 9 WHERE sequence = 2"),
        lambda: run(f"DELETE FROM {DECISION} WHERE sequence > 1"),
        lambda: run(f"UPDATE {HEAD} SET site_id = 2"),
    ],
)
def test_what_is_recorded_cannot_be_changed_or_removed(
    site: Site, ledger_dir: Path, change: Callable[[], object]
) -> None:
    chain(site.pk, 3)
    before = list(Decision.objects.values())
    with pytest.raises(IntegrityError), transaction.atomic():
        change()
    assert list(Decision.objects.values()) == before
    assert LedgerHead.objects.get().sequence == 3
    assert verify()


@pytest.mark.parametrize("table", [DECISION, HEAD])
def test_nothing_is_truncated_or_replaced(site: Site, ledger_dir: Path, table: str) -> None:
    chain(site.pk, 3)
    statements = (
        [f"TRUNCATE {table}", f"TRUNCATE {table} CASCADE"]
        if connection.vendor == "postgresql"
        else [
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
            f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        ]
    )
    connection.check_constraints()  # what waits for the commit would refuse a TRUNCATE, too
    for statement in statements:
        with pytest.raises(IntegrityError, match="append-only"):
            run(statement)
    assert verify().rows == 3


def test_the_chain_goes_on_under_the_guards(site: Site) -> None:
    chain(site.pk, 2)
    chain(site.pk, 2)
    chain(site.pk, 0)
    assert LedgerHead.objects.get().sequence == 4


def test_guards_go_and_come_back_with_the_migration(site: Site) -> None:
    guards.drop(connection)
    assert guards.missing() == sorted(guards.GUARDS.definitions(connection))
    guards.install(connection)
    guards.install(connection)
    assert guards.missing() == []


def test_a_missing_guard_is_told(site: Site, unguarded_ledger: None, ledger_dir: Path) -> None:
    notes = StringIO()
    call_command("consent_verify", stdout=StringIO(), stderr=notes)
    assert f"The trigger {guards.missing()[0]} is missing" in notes.getvalue()


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_ledger_and_leaves_it_guarded() -> None:
    """What ``TransactionTestCase`` and pytest's ``transactional_db`` do after each test."""
    chain(1, 3)
    call_command("flush", interactive=False, verbosity=0)
    assert not Decision.objects.exists()
    assert not LedgerHead.objects.exists()
    assert PolicyVersion.objects.exists()
    assert guards.missing() == []
    assert chain(1, 1)[0].sequence == 1
    with pytest.raises(IntegrityError):
        Decision.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_flush_that_is_refused_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    chain(1, 3)
    monkeypatch.setattr("builtins.input", lambda prompt: "no")
    call_command("flush", interactive=True, verbosity=0, stdout=StringIO())
    assert Decision.objects.count() == 3
    assert guards.missing() == []


@pytest.mark.django_db(transaction=True)
def test_a_host_may_empty_the_ledger_its_own_way_on_purpose() -> None:
    chain(1, 3)
    with guards.lifted():
        Decision.objects.all().delete()
        LedgerHead.objects.all().delete()
    assert guards.missing() == []
    chain(1, 2)
    with transaction.atomic():
        with guards.lifted():
            Decision.objects.all().delete()
        transaction.set_rollback(True)
    assert Decision.objects.count() == 2
    assert guards.missing() == []


class HostsOwnTest(TransactionTestCase):
    """A host's tests know nothing of the ledger; each begins with an empty one."""

    def test_one(self) -> None:
        assert chain(1, 2)[0].sequence == 1

    def test_two(self) -> None:
        assert chain(1, 2)[0].sequence == 1

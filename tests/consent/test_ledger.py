from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import keys
from consent.chains.chain import FIRST_HASH
from consent.ledger.append import append, subject_of, subjects_of
from consent.ledger.entry import FIELDS, canonical, row_hash
from consent.ledger.models import Decision, LedgerHead
from consent.ledger.verify import Fault, verify
from consent.models import Shopper
from tests.consent.ledger_support import ROWS, chain, drafted

pytestmark = pytest.mark.usefixtures("ledger_dir")

OTHER: dict[str, Any] = {
    "format": 2,
    "previous_hash": "f" * 64,
    "kid": "else",
    "subject": "e" * 64,
    "kind": "imported",
    "purposes": "analytics ads.personal",
    "generation": 9,
    "policy": "d" * 64,
    "language": "xx",
    "source": "else",
    "gpc": True,
    "actor": "else",
    "details": {"note": "else"},
    "hash": "c" * 64,
}


def test_rows_are_chained_from_zero_and_the_head_follows(site: Site) -> None:
    first, *_, last = chain(site.pk)
    assert (first.sequence, first.previous_hash) == (1, FIRST_HASH)
    assert last.sequence == ROWS
    assert LedgerHead.objects.get(site=site).hash == last.hash
    again = chain(site.pk, 1)[0]
    assert (again.sequence, again.previous_hash) == (ROWS + 1, last.hash)
    report = verify()
    assert report
    assert report.rows == ROWS + 1
    assert (report.unprotected, report.guards) == ((site.pk,), ())


def test_the_format_is_what_it_was(site: Site) -> None:
    """The bytes of format 1 are final: this test never changes."""
    row = Decision(
        format=1,
        site_id=1,
        sequence=1,
        previous_hash=FIRST_HASH,
        recorded_at=datetime(2026, 11, 21, 3, 4, 5, 6, tzinfo=UTC),
        **{**drafted(1)._asdict(), "language": "zh-hans", "details": {"name": "é"}},
    )
    assert canonical(row) == (
        b'{"actor":"shopper","details":{"name":"\\u00e9"},"format":1,"generation":1,"gpc":false,'
        b'"kid":"debug","kind":"granted","language":"zh-hans","policy":"",'
        b'"previous_hash":"' + b"0" * 64 + b'","purposes":"analytics",'
        b'"recorded_at":"2026-11-21T03:04:05.000006+00:00","sequence":1,"site_id":1,'
        b'"source":"banner","subject":"' + b"0" * 63 + b'1"}'
    )
    assert row_hash(row) == "3b82e32469a790b1ecace6ae123d2a9ff66dd4803b3108319f99379ca013ce81"
    assert set(FIELDS) == {field.name for field in Decision._meta.fields} - {"id", "hash"}


def test_each_site_has_a_chain_of_its_own(site: Site) -> None:
    other = Site.objects.create(domain="other.test", name="other")
    chain(site.pk, 3)
    assert chain(other.pk, 2)[0].sequence == 1
    assert verify().rows == 5
    assert verify(site_id=other.pk).rows == 2


@pytest.mark.django_db(transaction=True)
def test_the_ledger_is_written_inside_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        append(site_id=1, drafts=[drafted(1)])
    assert not Decision.objects.exists()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_changed_in_a_row_is_found_at_that_row(
    site: Site, unguarded_ledger: None, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*OTHER, "recorded_at"]))
    place = data.draw(st.integers(1, ROWS))
    point = transaction.savepoint()
    try:
        chain(site.pk)
        row = Decision.objects.get(sequence=place)
        value = OTHER.get(name, row.recorded_at + timedelta(microseconds=1))
        Decision.objects.filter(sequence=place).update(**{name: value})
        faults = verify().faults
    finally:
        transaction.savepoint_rollback(point)
    assert [(fault.site_id, fault.sequence) for fault in faults] == [(site.pk, place)]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(1, ROWS))
def test_a_removed_row_is_found_where_it_is_missing(
    site: Site, unguarded_ledger: None, place: int
) -> None:
    point = transaction.savepoint()
    try:
        chain(site.pk)
        Decision.objects.filter(sequence=place).delete()
        faults = verify().faults
    finally:
        transaction.savepoint_rollback(point)
    assert len(faults) == 1
    assert faults[0].sequence == (place if place < ROWS else ROWS - 1)


def test_a_row_rewritten_with_its_hash_is_found_at_the_next(
    site: Site, unguarded_ledger: None
) -> None:
    chain(site.pk)
    row = Decision.objects.get(sequence=3)
    row.purposes = "ads.personal"
    row.hash = row_hash(row)
    row.save()
    assert verify().faults == (Fault(site.pk, 4, "it does not follow the row before it"),)


def test_two_rows_swapped_are_found(site: Site, unguarded_ledger: None) -> None:
    chain(site.pk)
    Decision.objects.filter(sequence=2).update(sequence=99)
    Decision.objects.filter(sequence=3).update(sequence=2)
    Decision.objects.filter(sequence=99).update(sequence=3)
    assert verify().faults[0].sequence == 2


def test_a_missing_head_is_found(site: Site, unguarded_ledger: None) -> None:
    chain(site.pk)
    LedgerHead.objects.all().delete()
    assert verify().faults[0].reason == "the head is missing"


def test_the_subject_is_a_keyed_code_and_never_the_key(shopper: Shopper) -> None:
    row = Decision.objects.get()
    assert (row.kid, row.subject) == subject_of(shopper.pk)
    assert row.subject == keys.pseudonym("ledger", "", shopper.pk)
    assert subjects_of(shopper.pk) == [row.subject]
    stored = "".join(str(getattr(row, field.name)) for field in Decision._meta.fields)
    assert str(shopper.pk) not in stored
    assert shopper.pk.hex not in stored


def test_the_command_names_the_first_bad_row(site: Site, unguarded_ledger: None) -> None:
    chain(site.pk)
    out, notes = StringIO(), StringIO()
    call_command("consent_verify", stdout=out, stderr=notes)
    assert out.getvalue().strip() == f"{ROWS} decisions verify."
    assert "no checkpoint" in notes.getvalue()
    Decision.objects.filter(sequence=4).update(actor="else")
    errors = StringIO()
    with pytest.raises(CommandError, match="does not verify") as failed:
        call_command("consent_verify", stderr=errors)
    assert failed.value.returncode == 1
    first = errors.getvalue().splitlines()[0]
    assert first == "Site 1, row 4: its content does not match its hash."


def test_many_rows_verify(site: Site) -> None:
    for _ in range(3):
        chain(site.pk, random.randint(1, 700))
    assert verify()

"""Staff opens personal data with a reason or not at all, and the person sees who looked."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent import services
from consent.holdings import all_holdings
from consent.models import Access, AccessHead, Shopper
from consent.staff import guards
from consent.staff.retention import delete_accesses
from consent.staff.selectors import accesses_of, find_shopper
from consent.staff.services import NoReason, open_record
from consent.staff.verify import verify_accesses
from tests.consent.support import History, new_shopper

pytestmark = pytest.mark.django_db

REASON = "Asked by mail why a lamp is shown."
OPEN = "/admin/attention_consent/access/open/"


@pytest.fixture
def officer(site: Site) -> User:
    """A member of staff who may open personal data."""
    staff = User.objects.create_user("olga", is_staff=True)
    staff.groups.add(Group.objects.create(name="Data protection"))
    for codename in ("view_personal_data", "view_access"):
        staff.user_permissions.add(Permission.objects.get(codename=codename))
    return User.objects.get(pk=staff.pk)


def look(staff: User, shopper: Shopper, *fields: str) -> Access:
    opened = open_record(
        staff=staff, shopper_id=shopper.pk, fields=fields or ["shopper"], reason=REASON
    )
    return opened.access


def test_a_look_is_recorded_before_anything_is_read(
    officer: User, shopper: Shopper, history: History
) -> None:
    history.rows[shopper.pk] = 2

    opened = open_record(
        staff=officer,
        shopper_id=shopper.pk,
        fields=["test.history", "shopper"],
        reason=f"  {REASON}\n",
    )

    row = Access.objects.get()
    assert row == opened.access
    assert (row.staff, row.role, row.reason) == (str(officer.pk), "Data protection", REASON)
    assert row.fields == ["shopper", "test.history"]
    assert list(opened.rows("test.history")) == [{"n": 0}, {"n": 1}]
    with pytest.raises(KeyError):
        opened.rows("decisions")
    assert str(shopper.pk) not in str(Access.objects.values())


@pytest.mark.parametrize("reason", ["", "   ", "because", "a      b"])
def test_without_a_reason_nothing_is_opened(officer: User, shopper: Shopper, reason: str) -> None:
    with pytest.raises(NoReason):
        open_record(staff=officer, shopper_id=shopper.pk, fields=["shopper"], reason=reason)
    assert not Access.objects.exists()


def test_without_the_permission_nothing_is_opened(site: Site, shopper: Shopper) -> None:
    clerk = User.objects.create_user("carl", is_staff=True)
    customer = User.objects.create_user("cora")
    customer.user_permissions.add(Permission.objects.get(codename="view_personal_data"))
    gone = User.objects.create_superuser("gil", is_active=False)

    for person in (clerk, customer, gone):
        with pytest.raises(PermissionDenied):
            look(person, shopper)

    assert not Access.objects.exists()


def test_what_is_not_held_cannot_be_opened(officer: User, shopper: Shopper) -> None:
    for fields in ([], ["secrets"]):
        with pytest.raises(LookupError):
            open_record(staff=officer, shopper_id=shopper.pk, fields=fields, reason=REASON)
    with pytest.raises(LookupError):
        open_record(
            staff=officer, shopper_id=Site().pk or shopper_id(), fields=["shopper"], reason=REASON
        )
    assert not Access.objects.exists()


def shopper_id() -> Any:
    return "00000000-0000-4000-8000-000000000000"


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_could_take_the_record_back_opens_nothing(shopper: Shopper) -> None:
    boss = User.objects.create_superuser("boss")
    with pytest.raises(RuntimeError), transaction.atomic():
        look(boss, shopper)
    assert not Access.objects.exists()


def test_the_person_sees_who_looked_when_and_why_but_no_name(
    officer: User, shopper: Shopper, site: Site, settings: Settings
) -> None:
    boss = User.objects.create_superuser("boss")
    look(officer, shopper, "shopper", "decisions")
    look(boss, shopper)
    look(officer, new_shopper(site))

    newest, oldest = accesses_of(shopper_id=shopper.pk)

    assert (newest.role, newest.name) == ("Administrator", "")
    assert (oldest.role, oldest.name, oldest.reason) == ("Data protection", "", REASON)
    assert [str(title) for title in oldest.opened] == [
        "The record of your choices",
        "Your key and your current choice",
    ]
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "SHOW_STAFF_NAMES": True}
    assert accesses_of(shopper_id=shopper.pk)[1].name == "olga"
    boss.delete()
    assert accesses_of(shopper_id=shopper.pk)[0].name == ""


def test_the_looks_are_part_of_the_persons_copy_and_lead_nowhere_after_erasure(
    officer: User, shopper: Shopper
) -> None:
    look(officer, shopper)
    (holding,) = [each for each in all_holdings() if each.label == "accesses"]
    exported = list(holding.export(shopper.pk))

    services.erase(shopper_id=shopper.pk, actor="shopper")

    assert [(row["role"], row["reason"]) for row in exported] == [("Data protection", REASON)]
    assert not Shopper.objects.filter(pk=shopper.pk).exists()
    assert Access.objects.count() == 1
    assert verify_accesses()


def test_the_chain_verifies_and_names_the_first_bad_row(officer: User, shopper: Shopper) -> None:
    for _ in range(4):
        look(officer, shopper)
    report = verify_accesses()
    assert (bool(report), report.rows, report.guards) == (True, 4, ())

    guards.drop(connection)
    Access.objects.filter(sequence=3).update(reason="No particular reason.")

    report = verify_accesses()
    (fault,) = report.faults
    assert (report.rows, fault.sequence) == (2, 3)
    assert fault.reason == "its content does not match its hash"
    assert len(report.guards) == 6
    Access.objects.filter(sequence=3).delete()
    assert verify_accesses().faults[0].reason == "row 3 is missing, row 4 follows"
    Access.objects.filter(sequence=4).delete()
    assert verify_accesses().faults[0].reason == "the chain ends here, its head says row 4"


def test_the_command_verifies_the_looks_beside_the_decisions(
    officer: User, shopper: Shopper
) -> None:
    look(officer, shopper)
    out, errors = StringIO(), StringIO()
    call_command("consent_verify", stdout=out, stderr=errors)
    assert "1 accesses of staff verify." in out.getvalue()

    guards.drop(connection)
    Access.objects.update(reason="No particular reason.")

    with pytest.raises(CommandError) as failed:
        call_command("consent_verify", stdout=out, stderr=errors)
    assert failed.value.returncode == 1
    assert "Site 1, access 1: its content does not match its hash." in errors.getvalue()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attention_consent_access SET reason = 'x'",
        "DELETE FROM attention_consent_access",
        "UPDATE attention_consent_accesshead SET sequence = 0",
        "UPDATE attention_consent_accesshead SET kept_after = 9",
        "UPDATE attention_consent_accesshead SET hash = 'x'",
        "DELETE FROM attention_consent_accesshead",
    ],
)
def test_the_database_itself_refuses(officer: User, shopper: Shopper, statement: str) -> None:
    look(officer, shopper)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert verify_accesses().rows == 1


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_record_and_leaves_it_guarded(shopper: Shopper) -> None:
    look(User.objects.create_superuser("boss"), shopper)

    call_command("flush", interactive=False, stdout=StringIO())

    assert not Access.objects.exists()
    assert not AccessHead.objects.exists()
    assert guards.missing() == []


def test_old_looks_are_deleted_from_the_old_end_and_the_rest_verifies(
    officer: User, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    for days in (9, 8, 7, 2, 1):
        monkeypatch.setattr(
            "consent.staff.services.timezone.now", lambda days=days: now - timedelta(days=days)
        )
        look(officer, shopper)

    assert delete_accesses(before=now - timedelta(days=5), limit=2) == 2
    assert verify_accesses().rows == 3
    assert delete_accesses(before=now - timedelta(days=5), limit=2) == 1
    assert delete_accesses(before=now - timedelta(days=5), limit=2) == 0

    assert list(Access.objects.values_list("sequence", flat=True)) == [5, 4]
    assert verify_accesses()
    look(officer, shopper)
    assert verify_accesses().rows == 3
    assert delete_accesses(before=now, limit=9) == 3
    assert verify_accesses().rows == 0
    look(officer, shopper)
    assert verify_accesses().rows == 1


def test_a_person_is_found_by_the_whole_key_or_the_exact_account(site: Site) -> None:
    ann = User.objects.create_user("ann", "ann@example.com")
    known = new_shopper(site, ann)
    new_shopper(site, User.objects.create_user("twin", "ann@example.org"))

    def find(person: str) -> Any:
        return find_shopper(site_id=site.pk, person=person)

    assert find(str(known.pk)) == find(" ann ") == find("ann@example.com") == known.pk
    assert find(str(known.pk)[:8]) is None
    assert find("an") is find("") is find("ANN@EXAMPLE.COM ") is None
    User.objects.create_user("cat", "ann@example.com")
    assert find_shopper(site_id=99, person=str(known.pk)) is None


def test_the_admin_masks_opens_with_a_reason_and_masks_again(
    officer: User, client: Client, shopper: Shopper, history: History
) -> None:
    history.rows[shopper.pk] = 1
    client.force_login(officer)
    form = {"person": str(shopper.pk), "fields_opened": ["test.history"], "reason": REASON}

    closed = client.get(OPEN)
    unexplained = client.post(OPEN, {**form, "reason": "why"})
    unknown = client.post(OPEN, {**form, "person": "nobody"})
    assert not Access.objects.exists()
    opened = client.post(OPEN, form)

    assert "What you looked at" in closed.content.decode()
    assert str(shopper.pk) not in closed.content.decode()
    assert unexplained.context["form"].errors.keys() == {"reason"}
    assert "Nothing is held of such a person." in unknown.content.decode()
    assert opened.context["tables"] == [
        {"title": "What you looked at", "columns": ["n"], "rows": [[0]], "has_more": False}
    ]
    assert opened["Cache-Control"] == "private, no-store"
    assert Access.objects.get().fields == ["test.history"]
    listing = client.get("/admin/attention_consent/access/").content.decode()
    assert "olga" in listing
    assert str(shopper.pk) not in listing


def test_the_page_that_opens_is_closed_to_other_staff(client: Client, shopper: Shopper) -> None:
    clerk = User.objects.create_user("carl", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_access"))
    client.force_login(clerk)

    listing = client.get("/admin/attention_consent/access/").content.decode()

    assert OPEN not in listing
    assert client.get(OPEN).status_code == 403
    assert (
        client.post(
            OPEN, {"person": str(shopper.pk), "fields_opened": ["shopper"], "reason": REASON}
        ).status_code
        == 403
    )
    assert not Access.objects.exists()

"""Policies, retention and the admin."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from consent import services
from consent.holdings import Holding
from consent.models import (
    ChoiceCount,
    ConsentState,
    Decision,
    Erasure,
    PolicyVersion,
    Shopper,
)
from consent.policies.models import ImmutablePolicy
from consent.policies.selectors import current_notice, current_policy
from consent.policies.services import publish_policy
from consent.purposes import Purpose
from consent.retention.run import apply_retention
from consent.rights.models import Door
from consent.rights.people import Person
from consent.rights.services import ask_correction
from consent.signals import consent_withdrawn
from consent.staff.services import open_record
from consent.tasks import finish_due_erasures
from tests.consent.support import History, new_shopper

TEXT = {"title": "t", "notice": "n", "body": "b"}

pytestmark = pytest.mark.django_db


def test_the_first_version_is_there_after_migration(site: Site) -> None:
    version = PolicyVersion.objects.get(language="en")
    assert version.number == 1
    assert version.hash == version.content_hash()


def test_a_site_added_later_gets_its_first_version_when_asked(site: Site) -> None:
    other = Site.objects.create(domain="other.test", name="other")
    assert current_policy(site_id=other.pk).number == 1


def test_the_newest_version_in_the_persons_language_is_shown(site: Site) -> None:
    publish_policy(
        site=site, texts={"en": TEXT, "zh-hans": {**TEXT, "notice": "通知"}}, is_material=True
    )
    with translation.override("zh-hans"):
        assert current_notice(site_id=1).notice == "通知"
    with translation.override("fr"):
        assert current_notice(site_id=1)[:2] == (2, "en")


def test_a_published_version_never_changes(site: Site) -> None:
    version = PolicyVersion.objects.get(language="en")
    version.body = "else"
    for change in (
        version.save,
        version.delete,
        PolicyVersion.objects.all().delete,
        lambda: PolicyVersion.objects.update(body="else"),
        lambda: PolicyVersion.objects.bulk_update([version], ["body"]),
    ):
        with pytest.raises(ImmutablePolicy):
            change()
    version.refresh_from_db()
    assert version.body != "else"


def test_the_command_publishes_the_settings_texts(site: Site) -> None:
    out = StringIO()
    call_command("consent_policy", "--publish", "--material", stdout=out, stderr=StringIO())
    assert PolicyVersion.objects.filter(number=2).exists()
    assert out.getvalue().startswith("2 en ")


def test_a_withdrawal_is_told_after_its_commit(
    site: Site, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[dict[str, Any]] = []

    def hear(**kwargs: Any) -> None:
        heard.append(kwargs)

    shopper = new_shopper(site)
    consent_withdrawn.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            services.withdraw(shopper_id=shopper.pk, purposes={Purpose.ANALYTICS}, actor="shopper")
            assert not heard
    finally:
        consent_withdrawn.disconnect(hear)
    assert heard[0]["shopper_id"] == shopper.pk
    assert heard[0]["purposes"] == {Purpose.ANALYTICS}
    assert heard[0]["generation"] == 2


def test_an_erasure_that_fails_stays_due_and_the_withdrawal_stands(
    site: Site, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = new_shopper(site)
    history.rows[shopper.pk] = 4

    def fail(shopper_id: Any, limit: Any) -> int:
        raise RuntimeError("a store is down")

    with monkeypatch.context() as patch:
        patch.setattr("consent.erasure.begin.enqueue", lambda task, *args: None)
        patch.setattr("consent.erasure.run.all_holdings", lambda: [_failing(fail)])
        services.withdraw(shopper_id=shopper.pk, actor="shopper")
    assert ConsentState.objects.get(pk=shopper.pk).purposes == 0
    assert Erasure.objects.due().count() == 1
    finish_due_erasures()
    assert history.rows[shopper.pk] == 0
    assert not Erasure.objects.due().exists()


def _failing(erase: Any) -> Any:
    return Holding(
        label="failing",
        title="",
        models=(),
        purpose=Purpose.ANALYTICS,
        retention="",
        count=lambda shopper_id: 0,
        export=lambda shopper_id: (),
        erase=erase,
    )


def test_retention_erases_expired_people_and_old_counts(site: Site, history: History) -> None:
    old, fresh = new_shopper(site), new_shopper(site)
    linked = new_shopper(site, get_user_model().objects.create_user("ann"))
    past = timezone.now() - timedelta(days=367)
    ConsentState.objects.filter(pk__in=[old.pk, linked.pk]).update(decided_at=past)
    ChoiceCount.objects.create(site=site, hour=past - timedelta(days=60), choice="off", count=1)
    history.rows[old.pk] = 2
    swept = apply_retention()
    assert (swept["shoppers"], swept["choice_counts"]) == (1, 1)
    assert ConsentState.objects.get(pk=old.pk).purposes == 0
    finish_due_erasures()
    assert history.rows[old.pk] == 0
    assert set(Shopper.objects.values_list("pk", flat=True)) == {fresh.pk, linked.pk}


def test_staff_reads_every_model_and_changes_none(
    admin_client: Client, site: Site, shopper: Shopper
) -> None:
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    ChoiceCount.objects.create(site=site, hour=timezone.now(), choice="off", count=1)
    ask_correction(person=Person(site.pk, Door.BROWSER, shopper.pk), detail="My name.")
    services.erase(shopper_id=new_shopper(site).pk, actor="shopper")
    officer = get_user_model().objects.get(username="admin")
    open_record(staff=officer, shopper_id=shopper.pk, fields=["shopper"], reason="A test of it.")
    apply_retention()
    for model in apps.get_app_config("attention_consent").get_models():
        base = f"/admin/attention_consent/{model._meta.model_name}/"
        response = admin_client.get(base)
        assert response.status_code == 200, base
        assert str(shopper.pk) not in response.content.decode()
        row = model._default_manager.first()
        assert row is not None
        page = admin_client.get(f"{base}{row.pk}/change/")
        assert page.status_code == 200
        assert "_save" not in page.content.decode()
        may_add = model is PolicyVersion
        assert admin_client.get(f"{base}add/").status_code == (200 if may_add else 403)
        assert admin_client.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_admin_masks_the_subject_and_verifies(
    admin_client: Client, site: Site, shopper: Shopper, unguarded_ledger: None, ledger_dir: Path
) -> None:
    row = Decision.objects.get()
    page = admin_client.get(f"/admin/attention_consent/decision/{row.pk}/change/")
    assert row.subject not in page.content.decode()
    data = {"action": "verify_chain", "_selected_action": [row.pk]}
    response = admin_client.post("/admin/attention_consent/decision/", data, follow=True)
    assert "1 decision verifies." in response.content.decode()
    Decision.objects.update(actor="else")
    response = admin_client.post("/admin/attention_consent/decision/", data, follow=True)
    assert "row 1" in response.content.decode()


@pytest.mark.parametrize("name", ["shopper", "consentstate", "decision", "policyversion"])
def test_lists_cost_the_same_for_many_rows(
    admin_client: Client, site: Site, name: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    new_shopper(site)
    with CaptureQueriesContext(
        connection,
    ) as few:
        admin_client.get(f"/admin/attention_consent/{name}/")
    for _ in range(5):
        new_shopper(site)
    with django_assert_num_queries(len(few)):
        admin_client.get(f"/admin/attention_consent/{name}/")
